# frozen_string_literal: true

require_relative '../spec_helper'

RSpec.describe 'docs/OPERATIONS.md' do
  root = File.expand_path('../..', __dir__)
  # Operation, arguments, value, Ruby, Python.
  rows = File.readlines(File.join(root, 'docs/OPERATIONS.md'), chomp: true).grep(/\A\| `/)
             .map { |line| line.split('|').map(&:strip).drop(1) }
  sources = Dir[File.join(root, 'lib/**/*.rb')].map { |file| File.read(file) }.join

  it 'is read as a table' do
    # The Go tests compare it with the core's own; here it must not be empty.
    expect(rows.size).to be > 50
  end

  rows.each do |operation, _, _, ruby, python|
    it "names for #{operation} what Ruby has, and Ruby asks for it" do
      expect(sources).to include("'#{operation.delete('`')}'")
      next expect(python).to eq('by name') if ruby == 'delegation'

      names = ruby.scan(/`([^`]+)`/).flatten
      expect(names).not_to be_empty
      expect(names.reject { |name| known?(name) }).to be_empty
    end
  end

  def known?(name)
    owner, instance, method = name.match(/\A(\w+)([#.])(\w+)\z/).captures
    return TaskerCore.respond_to?(method) if owner == 'TaskerCore'

    TaskerCore.const_get(owner).public_send(instance == '#' ? :method_defined? : :respond_to?, method)
  end
end

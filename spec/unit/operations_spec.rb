# frozen_string_literal: true

require 'json'
require_relative '../spec_helper'

RSpec.describe 'the operations of the contract' do
  root = File.expand_path('../..', __dir__)
  operations = JSON.parse(File.read(File.join(root, 'ext/tasker_core/go/wire/operations.json')))['operations']
  sources = Dir[File.join(root, 'lib/**/*.rb')].map { |file| File.read(file) }.join

  operations.each do |operation|
    it "are asked by Ruby, and its methods are there: #{operation['name']}" do
      expect(sources).to include("'#{operation['name']}'")
      names = operation.fetch('ruby', [])
      expect(names.reject { |name| known?(name) }).to be_empty
    end
  end

  def known?(name)
    owner, instance, method = name.match(/\A(\w+)([#.])(\w+)\z/).captures
    return TaskerCore.respond_to?(method) if owner == 'TaskerCore'

    TaskerCore.const_get(owner).public_send(instance == '#' ? :method_defined? : :respond_to?, method)
  end
end

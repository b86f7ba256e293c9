# frozen_string_literal: true

require_relative 'support'

RSpec.describe 'the built gem' do
  include Packaging

  around { |example| Dir.mktmpdir('tasker_core-home') { |folder| @home = folder and example.run } }

  attr_reader :home

  let(:report) do
    <<~RUBY
      require 'tasker_core'
      puts Gem.loaded_specs.fetch('tasker_core').full_gem_path
      puts TaskerCore.implementation.inspect
      puts TaskerCore.unavailable_reason.inspect
    RUBY
  end

  def answers = run('ruby', '-e', report, env: gem_environment(home), chdir: home).lines(chomp: true)

  it 'compiles the core when it is installed into an empty GEM_HOME, and uses it' do
    install_gem(home)

    path, implementation, reason = answers
    expect(path).to start_with(File.realpath(home))
    expect(implementation).to eq(':native')
    expect(reason).to eq('nil')
  end

  it 'installs without Go too, works as Ruby only and says why' do
    install_gem(home, env: { 'GO' => File.join(home, 'no-go-here') })

    path, implementation, reason = answers
    expect(path).to start_with(File.realpath(home))
    expect(implementation).to eq(':ruby')
    expect(reason).to match(/Go .*needed/)
  end

  it 'carries the sources of the core, and none of their tests or builds' do
    files = run('gem', 'specification', Packaging.built_gem, 'files').lines.map do |line|
      line.delete_prefix('- ').chomp
    end

    expect(files).to include('ext/tasker_core/extconf.rb', 'ext/tasker_core/go/go.mod', 'ext/tasker_core/go/go.sum',
                             'lib/tasker_core.rb', 'LICENSE', 'README.md')
    expect(files.grep(/_test\.go\z|testdata|\.so\z|\Aspec|\Abin/)).to be_empty
  end
end

# frozen_string_literal: true

require_relative '../support'

RSpec.describe 'the installed source gem', timeout: 600 do
  include Packaging

  around { |example| Dir.mktmpdir('tasker_core-home') { |folder| @home = folder and example.run } }

  attr_reader :home

  let(:offline) { Packaging.offline(home) }

  def installed = Dir["#{home}/{gems,extensions}/**/*"].select { |file| File.file?(file) }

  it 'has been compiled from what it carries, into an empty GEM_HOME, is small, and is used' do
    @home = Packaging.installed_home

    expect(answers(home)).to match([start_with(File.realpath(home)), ':native', 'nil'])
    expect(Dir["#{home}/no-modules/*"]).to be_empty
    expect_small
  end

  it 'is compiled from what it carries where GOFLAGS says otherwise', :release do
    install_gem(home, env: offline.merge('GOFLAGS' => '-mod=mod'))

    expect(answers(home)).to match([start_with(File.realpath(home)), ':native', 'nil'])
  end

  it 'needs no cache of Go either, and works on a database', :release do
    install_gem(home, env: offline.merge('GOCACHE' => File.join(home, 'empty-cache')))

    expect(smoke(home)).to eq(":native nil []\n")
  end

  # The library is there once, and nothing that is needed to build it only.
  def expect_small
    expect(megabytes('the source gem', [Packaging.built_gem])).to be <= 8
    expect(megabytes('the source gem, installed', installed)).to be <= 35
    expect(installed.map { |file| File.basename(file) }.grep(/\.(so|a|o)\z/)).to eq(['tasker_core_native.so'])
    expect(installed.grep(%r{/vendor/|ext/tasker_core/(core|native)/})).to be_empty
  end

  it 'is compiled again by the command that its doctor names', :release do
    install_gem(home, env: { 'GO' => File.join(home, 'no-go-here') })
    doctor = "require 'tasker_core'; puts TaskerCore.doctor"
    command = run('ruby', '-e', doctor, env: gem_environment(home), chdir: home)[/run `([^`]+)`/, 1]

    expect(command).to eq("gem pristine tasker_core --version #{TaskerCore::VERSION}")
    run(*command.split, env: gem_environment(home).merge(offline), chdir: home)
    expect(answers(home)).to match([start_with(File.realpath(home)), ':native', 'nil'])
  end
end

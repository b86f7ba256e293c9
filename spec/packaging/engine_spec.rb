# frozen_string_literal: true

require_relative 'support'
require_relative '../support/engine_gem'

# How the demo, the examples, the benches and the parity specs find and load the engine,
# with gems of its name made here, in an empty GEM_HOME. spec/parity has the real one.
RSpec.describe 'finding the engine' do
  include Packaging
  include EngineGem

  around { |example| Dir.mktmpdir('tasker_core-engine') { |folder| @home = folder and example.run } }

  attr_reader :home

  let(:finder) { File.join(Packaging::ROOT, 'bin/lib/engine.rb') }
  let(:described) { 'TaskerEngine.load; puts TaskerEngine, TaskerEngine.root, Tasker::RAILTIES' }
  let(:railties) { %w[ActiveRecord::Railtie ActiveJob::Railtie ActionController::Railtie] }

  # @return [Array(String, Integer)] what the finder says, as a program
  def found(**env) = outcome('ruby', finder, env: env.transform_keys(&:to_s))

  def loaded(**env) = outcome('ruby', '-r', finder, '-e', described, env: env.transform_keys(&:to_s))

  def outcome(*command, env:)
    output, status = Bundler.with_unbundled_env do
      Open3.capture2e({ 'RUBYLIB' => nil, 'BUNDLE_GEMFILE' => nil }.merge(env), *command, chdir: home)
    end
    [output, status.exitstatus]
  end

  it 'finds none where nothing is installed, and says what to do where one is needed' do
    nowhere = { GEM_HOME: home, GEM_PATH: home, TASKER_ENGINE_PATH: nil }

    expect(found(**nowhere)).to eq(['', 3])
    expect(loaded(**nowhere).first).to include('is not here: install it, or set TASKER_ENGINE_PATH to a checkout')
  end

  it 'takes an installed gem, with the railties that the engine needs' do
    install_engine(home)

    environment = gem_environment(home).transform_keys(&:to_sym).merge(TASKER_ENGINE_PATH: nil)
    expect(found(**environment)).to eq(['', 0])
    expect(loaded(**environment))
      .to eq([['tasker-engine 99.0.1', "#{home}/gems/tasker-engine-99.0.1", *railties].join("\n") << "\n", 0])
  end

  it 'takes the checkout that TASKER_ENGINE_PATH names, also where another one is installed' do
    install_engine(home)
    checkout = engine_checkout(File.join(home, 'checkout'), version: '99.0.2')

    environment = gem_environment(home).transform_keys(&:to_sym).merge(TASKER_ENGINE_PATH: checkout)
    expect(loaded(**environment)).to eq([['tasker-engine 99.0.2', checkout, *railties].join("\n") << "\n", 0])
  end

  it 'takes none where TASKER_ENGINE_PATH is set to nothing' do
    install_engine(home)

    expect(found(**gem_environment(home).transform_keys(&:to_sym), TASKER_ENGINE_PATH: '')).to eq(['', 3])
  end

  it 'refuses a path without a checkout' do
    output, status = found(TASKER_ENGINE_PATH: home)

    expect(status).to eq(1)
    expect(output).to include("TASKER_ENGINE_PATH is #{home}, but there is no #{home}/tasker-engine.gemspec")
  end

  it 'names the gems that are missing, and how they are installed' do
    checkout = engine_checkout(home, needs: { 'no_such_gem_a' => '~> 12.0.0', 'no_such_gem_b' => '>= 1.1' },
                                     requires: 'no_such_gem_a')
    output, status = found(TASKER_ENGINE_PATH: checkout)

    expect(status).to eq(1)
    expect(output).to include("in #{checkout} cannot be loaded: cannot load such file -- no_such_gem_a")
      .and include('missing here: no_such_gem_a (~> 12.0.0), no_such_gem_b (>= 1.1).')
      .and include("gem install 'no_such_gem_a:~> 12.0.0' 'no_such_gem_b:>= 1.1'")
  end

  it 'names Rails too, where there is no gem at all' do
    output, status = found(TASKER_ENGINE_PATH: engine_checkout(File.join(home, 'checkout')), GEM_HOME: home,
                           GEM_PATH: home)

    expect(status).to eq(1)
    expect(output).to include('missing here: rails (~> 7.2)')
  end

  it 'loads without a gem that the engine names and its code does not need' do
    checkout = engine_checkout(home, needs: { 'no_such_gem' => '>= 0' })

    expect(found(TASKER_ENGINE_PATH: checkout)).to eq(['', 0])
    expect(loaded(TASKER_ENGINE_PATH: checkout).last).to eq(0)
  end

  it 'says that Bundler hides gems, where it does' do
    checkout = engine_checkout(home, needs: { 'no_such_gem' => '>= 0' }, requires: 'no_such_gem')
    output, = outcome('bundle', 'exec', 'ruby', finder,
                      env: { 'BUNDLE_GEMFILE' => File.join(Packaging::ROOT, 'Gemfile'),
                             'TASKER_ENGINE_PATH' => checkout })

    expect(output).to include('start this without `bundle exec`')
  end

  it 'lets bin/setup end with that, and keep the lock' do
    lock = File.join(Packaging::ROOT, 'Gemfile.lock')
    before = File.read(lock)
    checkout = engine_checkout(home, needs: { 'no_such_gem' => '~> 1.0' }, requires: 'no_such_gem')
    output, status = outcome('bash', File.join(Packaging::ROOT, 'bin/setup'), '--no-core',
                             env: { 'TASKER_ENGINE_PATH' => checkout })

    expect(status).to eq(1)
    expect(output).to include('missing here: no_such_gem (~> 1.0).')
    expect(output).not_to include('Installing')
    expect(File.read(lock)).to eq(before)
  end
end

# frozen_string_literal: true

require 'open3'
require 'tmpdir'
require_relative '../../spec_helper'

# A Rails application is a process of its own: Rails boots once.
RSpec.describe 'in a Rails application' do
  let(:folder) { Dir.mktmpdir('tasker_core-app') }

  after { FileUtils.remove_entry(folder) }

  def write(path, text)
    file = File.join(folder, path)
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, text)
  end

  # The application of a process: Rails first, then the gem, then the engine's
  # stand-in as something that is autoloaded late.
  def run(code, initializer: '', settings: '')
    write('config/initializers/tasker_core.rb', initializer)
    write('app.rb', <<~RUBY)
      $LOAD_PATH.unshift '#{File.expand_path('../../../lib', __dir__)}'
      require 'rails'
      require 'active_record/railtie'
      require 'tasker_core'
      class App < Rails::Application
        config.root = '#{folder}'
        config.eager_load = false
        config.load_defaults 7.2
        config.logger = Logger.new(IO::NULL)
        #{settings}
      end
      require '#{File.expand_path('../../support/engine', __dir__)}'
      Rails.application.initialize!
      #{code}
    RUBY
    variables = { 'RAILS_ENV' => 'test', 'DATABASE_URL' => Database.url }
    output, status = Open3.capture2e(variables, RbConfig.ruby, File.join(folder, 'app.rb'))
    expect(status).to be_success, output
    output.lines(chomp: true)
  end

  delegated = 'p Tasker::Functions::FunctionBasedStepReadinessStatus.singleton_class' \
              '.include?(TaskerCore::Delegation::StepReadiness)'

  it 'leaves the engine alone where nothing is switched on' do
    expect(run("#{delegated}\np TaskerCore::Library.loaded?")).to eq(%w[false false])
  end

  it 'is switched on by an initializer, without loading the library at boot' do
    initializer = 'TaskerCore.configure { |c| c.dependency_resolution = :active }'
    code = "#{delegated}\np TaskerCore::Library.loaded?\n" \
           "p Tasker::Functions::FunctionBasedStepReadinessStatus.for_task(-1)\np TaskerCore::Library.loaded?"
    expect(run(code, initializer:)).to eq(%w[true false [] true])
  end

  it 'is switched on after the application was initialized, from one of its own hooks too' do
    hook = 'config.after_initialize { TaskerCore.configure { |c| c.dependency_resolution = :active } }'
    expect(run(delegated, settings: hook)).to eq(%w[true])
  end

  it 'is switched on by config.tasker_core' do
    settings = 'config.tasker_core.dependency_resolution = :shadow'
    expect(run("#{delegated}\np TaskerCore.configuration.dependency_resolution", settings:)).to eq(%w[true :shadow])
  end

  it 'hands out events within the executor, without loading the library at boot' do
    initializer = 'TaskerCore.subscribe("order.*") { |e| $got << [e.name, Rails.application.executor.active?] }'
    output = run(<<~RUBY, initializer:)
      p TaskerCore::Library.loaded?
      $got = Queue.new
      TaskerCore.publish('order.paid')
      p $got.pop
    RUBY
    expect(output).to eq(['false', '["order.paid", true]'])
  end

  it 'writes an initializer by its generator, and lists its settings by a task' do
    output = run(<<~RUBY)
      require 'rails/generators'
      Rails::Generators.invoke('tasker_core:install', ['--quiet'], destination_root: '#{folder}/made')
      load '#{folder}/made/config/initializers/tasker_core.rb'
      p TaskerCore.configuration.to_h.slice(:dependency_resolution, :state_transitions)
      Rails.application.load_tasks
      Rake::Task['tasker_core:settings'].invoke
    RUBY
    expect(output.first).to eq('{:dependency_resolution=>:shadow, :state_transitions=>:off}')
    expect(output.grep(/native core is available/).size).to eq(1)
    expect(output.grep(/dependency_resolution +:shadow/).size).to eq(1)
  end
end

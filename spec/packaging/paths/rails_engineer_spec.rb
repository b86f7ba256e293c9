# frozen_string_literal: true

require 'json'
require 'shellwords'
require_relative 'journey'
require_relative '../../support/stand_in_gem'

# From `rails new` to a task that the core runs, and back, as README.md and docs/DEPLOYMENT.md
# say it. The engine's stand-in is a gem of its name here.
RSpec.describe 'a Rails engineer with an empty folder', timeout: 600 do
  include Packaging
  include Pages
  include StandInGem

  ended = 'SELECT 1 FROM tasker_tasks WHERE task_id = $1 AND complete'
  named = 'SELECT name, results FROM tasker_workflow_steps JOIN tasker_named_steps USING (named_step_id) ' \
          'WHERE task_id = $1'

  around do |example|
    Dir.mktmpdir('tasker_core-shop') do |folder|
      with_empty_database do |url|
        @journey = Journey.new(folder, environment(File.join(folder, 'gems'), url))
        example.run
      end
    end
  end

  after { |example| warn(journey) if example.exception }

  attr_reader :journey

  # Where gems go, the installed gem, and those of this machine.
  def environment(home, url)
    path = [home, Packaging.installed_home, *Gem.path].uniq
    { 'DATABASE_URL' => url, 'GEM_HOME' => home, 'GEM_PATH' => path.join(File::PATH_SEPARATOR),
      'PATH' => [*path.map { |folder| File.join(folder, 'bin') }, ENV.fetch('PATH')].join(File::PATH_SEPARATOR) }
  end

  def sh(...) = journey.sh(...)
  def rails(arguments, **) = sh("bin/rails #{arguments}", **)

  # The network is left out.
  def bundle_install = sh('bundle install --local')

  def initializer(text) = journey.write('config/initializers/tasker_core.rb', text)

  # An application with the engine and a workflow: what there is before the gem.
  def make_application
    sh("gem install --local --no-document #{build_stand_in(File.join(journey.folder, 'engine'))}")
    sh('rails new shop --api --database=postgresql --skip-bundle --skip-git --skip-test --skip-bootsnap ' \
       '--skip-brakeman --skip-rubocop')
    sh('cd shop')
    journey.add('Gemfile', "gem 'tasker-engine', '~> 0.1.0'\n")
    bundle_install
    rails('tasker:install:migrations db:migrate')
    journey.write('app/tasks/order_line.rb', code('README.md', 'ruby', 'class OrderLine'))
  end

  # The commands of README.md, in their order.
  def install_the_gem
    journey.add('Gemfile', code('README.md', 'ruby', "gem 'tasker_core'"))
    bundle_install
    sh(command('README.md', 'bin/rails generate'))
    expect(sh(command('README.md', 'bin/rails tasker_core:doctor')))
      .to include('ok      implementation: native', 'dependency_resolution is :shadow', 'ok      schema: as expected')
    expect(sh(command('README.md', 'bin/rails tasker_core:verify'), code: 2)).to match(/Cannot tell.*no task/)
  end

  # What is typed at the console of README.md. The queue of a new application runs the task there.
  #
  # @yield beside the console, while the task runs
  # @return [Hash{String => Object}] the results of the steps by name
  define_method(:run_task) do |items, &beside|
    typed = code('README.md', 'ruby', 'TaskRequest.new').sub('[12, 30]', items.to_s)
    journey.typed('bin/rails console', typed, /^(?:\S+> )?(\d+)\r?\n/) do |found|
      @id = found[1]
      beside&.call
      journey.eventually("task #{@id} does not end") { rows(ended).any? }
    end
    rows(named).to_h.transform_values { |result| JSON.parse(result) }
  end

  # What the database answers about the task.
  def rows(query)
    connection = PG.connect(journey.env.fetch('DATABASE_URL'))
    connection.exec_params(query, [@id]).values
  ensure
    connection&.close
  end

  # The command of README.md in a terminal beside the console.
  def watch
    watched = sh(quoted('README.md', "bin/rails 'tasker_core:watch").sub('[1]', "[#{@id}]"))
    expect(watched).to match(/order_line.*complete/m)
  end

  # What a block adds to the application's log.
  def logged
    file = File.join(journey.folder, 'log/development.log')
    before = File.size(file)
    yield
    File.read(file, nil, before, encoding: Encoding::UTF_8)
  end

  # An application that answers for the engine in its own way.
  let(:own_rule) { <<~RUBY }
    Rails.application.config.to_prepare do
      patient = Module.new { def from_sql_function(...) = super.each { |step| step.retry_limit = 9 } }
      Tasker::Functions::FunctionBasedStepReadinessStatus.singleton_class.prepend(patient)
    end
  RUBY

  # As docs/DEPLOYMENT.md shows one.
  let(:report) do
    called = /tasker_core: Tasker::Functions::FunctionBasedStepReadinessStatus.for_task\(\d+, .*\)/
    row = 'row \d+: retry_limit is 9 from the engine, 3 from the core'
    /#{called} is answered differently by the core: #{row}. The engine's answer was returned.$/
  end

  # The initializer is the one that the generator wrote.
  def look_in_shadow
    file = File.join(journey.folder, 'config/initializers/own_rule.rb')
    journey.write('config/initializers/own_rule.rb', own_rule)
    log = logged { expect(run_task([1, 2])).to include('charge' => { 'charged' => 3 }) }
    expect(log).to match(report)

    FileUtils.rm(file)
    expect(rails('tasker_core:verify')).to include('Safe to go active: engine and core answer alike on 1 of 1 tasks')
  end

  # What the core writes in a run, and nobody else does.
  let(:run_by_the_core) { 'TaskerCore finish_and_claim_step' }

  def go_active
    initializer(code('README.md', 'ruby', 'config.orchestration'))
    expect(rails('tasker_core:doctor')).to match(/ok .*orchestration is :active/)
    results = nil
    log = logged { results = run_task([12, 30]) { watch } }
    expect(results).to eq('validate' => { 'total' => 42 }, 'charge' => { 'charged' => 42 })
    expect(log).to include(run_by_the_core)
    expect(log).not_to include('tasker_core: ')
  end

  # The task as a picture, and for a program of Ruby alone.
  def look_at_the_task
    sh(quoted('README.md', "bin/rails 'tasker_core:graph").sub('[1,', "[#{@id},"))
    expect(File.read(File.join(journey.folder, 'task.svg'))).to start_with('<svg').and include('charge')

    line = code('README.md', 'ruby', 'TaskerCore.open')[/^TaskerCore\.open.*/]
    asked = line.sub('postgresql://localhost/shop', journey.env.fetch('DATABASE_URL')).sub('42', @id)
    expect(sh("ruby -rtasker_core -e #{"p(#{asked})".shellescape}")).to eq(%(["complete", "complete"]\n))
  end

  # The variables of docs/DEPLOYMENT.md are not set: every switch is off.
  def go_back
    initializer(code('docs/DEPLOYMENT.md', 'ruby', "ENV.fetch('TASKER_CORE_READS'"))
    log = logged { expect(run_task([20, 1])).to include('charge' => { 'charged' => 21 }) }
    expect(log).not_to include(run_by_the_core)
  end

  it 'comes to a task that the core runs, and back to the engine' do
    make_application
    install_the_gem
    look_in_shadow
    go_active
    look_at_the_task
    go_back
  end
end

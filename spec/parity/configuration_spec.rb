# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/scripted'

# Each key of the engine's configuration that the core's work depends on: changed,
# seen in what the core does, and gone again after a reset.
RSpec.describe 'the configuration of tasker-engine' do
  around do |example|
    ActiveJob::Base.queue_adapter = :test
    pool = ActiveRecord::Base.connection_pool
    pool.pin_connection!(true)
    example.run
  ensure
    pool.unpin_connection!
    Tasker::Configuration.reset_configuration!
    forget_delays
    TaskerCore.configure { |c| c.state_transitions = c.orchestration = :off }
    Scripted.forget
  end

  before { TaskerCore.configure { |c| c.state_transitions = c.orchestration = :active } }

  # The engine keeps its delays for the life of the process, so a delegated run, which
  # asks the engine for them, does too.
  def forget_delays
    %i[@backoff_config @delay_map].each do |name|
      calculator = Tasker::Orchestration::TaskFinalizer::DelayCalculator
      calculator.remove_instance_variable(name) if calculator.instance_variable_defined?(name)
    end
  end

  def configure(section, key, value)
    Tasker.configuration.public_send(section) { |settings| settings.public_send(:"#{key}=", value) }
    forget_delays
  end

  describe 'backoff' do
    # What a failed step waits for, after a delegated run whose handler asked the
    # engine's calculator.
    def waiting_time(attempts: 0)
      script = lambda do |_, _, step|
        Tasker::Orchestration::BackoffCalculator.new.calculate_and_apply_backoff(step, {})
        raise 'later'
      end
      task = Scripted.task({ 'one' => [] }, { 'one' => script }, retry_limit: 9)
      step = Tasker::WorkflowStep.find_by(task_id: task.task_id)
      step.update_columns(attempts:)
      Timeout.timeout(20) { Scripted.handle(task) }
      step.reload
      step.backoff_request_seconds
    end

    def without_jitter
      configure(:backoff, :jitter_enabled, false)
      yield
    end

    it 'default_backoff_seconds' do
      without_jitter do
        configure(:backoff, :default_backoff_seconds, [7, 70])
        expect([waiting_time, waiting_time(attempts: 1)]).to eq([7, 70])
        Tasker::Configuration.reset_configuration!
        configure(:backoff, :jitter_enabled, false)
        expect([waiting_time, waiting_time(attempts: 1)]).to eq([1, 2])
      end
    end

    it 'max_backoff_seconds' do
      without_jitter do
        configure(:backoff, :max_backoff_seconds, 11)
        expect(waiting_time(attempts: 5)).to eq(11)
      end
    end

    it 'backoff_multiplier' do
      without_jitter do
        configure(:backoff, :backoff_multiplier, 1.5)
        expect(waiting_time(attempts: 6)).to eq((7**1.5).to_i)
      end
    end

    it 'jitter_enabled and jitter_max_percentage' do
      configure(:backoff, :default_backoff_seconds, [100])
      configure(:backoff, :jitter_max_percentage, 0.0)
      expect(waiting_time).to eq(100)
      configure(:backoff, :jitter_max_percentage, 0.5)
      times = Array.new(4) { waiting_time }
      expect(times).to all(be_between(50, 150))
      expect(times.uniq.size).to be > 1
      configure(:backoff, :jitter_enabled, false)
      expect(waiting_time).to eq(100)
    end

    # Tasks in each state of execution, and what decides when their next job runs.
    workflows = {
      has_ready_steps: [{}],
      processing: [{ state: 'in_progress' }],
      waiting_for_dependencies: [{ state: 'pending', in_process: true }]
    }

    def delay_of(steps)
      task = Rows.workflow(steps:)
      context = Tasker::Functions::FunctionBasedTaskExecutionContext.find(task.task_id)
      [context.execution_status.to_sym,
       Tasker::Orchestration::TaskFinalizer::DelayCalculator.calculate_reenqueue_delay(context)]
    end

    workflows.each do |status, steps|
      it "reenqueue_delays[:#{status}]" do
        delays = Tasker.configuration.backoff.reenqueue_delays.to_h
        expect(core_statements { expect(delay_of(steps)).to eq([status, delays.fetch(status)]) }).to be >= 1
        configure(:backoff, :reenqueue_delays, delays.merge(status => 77))
        expect(delay_of(steps)).to eq([status, 77])
      end
    end

    blocked = [{ state: 'error', attempts: 3, retry_limit: 3, state_ago: 90 }]
    failed = [{ state: 'error', attempts: 1, last_attempted_at: Time.utc(2000), backoff_request_seconds: 0 }]

    it 'default_reenqueue_delay' do
      expect(delay_of(blocked)).to eq([:blocked_by_failures, 30])
      configure(:backoff, :default_reenqueue_delay, 77)
      expect(delay_of(blocked)).to eq([:blocked_by_failures, 77])
    end

    it 'buffer_seconds, capped by max_backoff_seconds' do
      waits = failed.map { |step| { **step, last_attempted_at: Rows.now, backoff_request_seconds: 600 } }
      expect(delay_of(waits)).to eq([:waiting_for_dependencies, 300])
      configure(:backoff, :max_backoff_seconds, 10_000)
      configure(:backoff, :buffer_seconds, 5000)
      expect(delay_of(waits).last).to be_within(30).of(5600)
    end

    it 'is kept by the engine for the life of the process, and so by delegated runs' do
      expect(delay_of(blocked).last).to eq(30)
      Tasker.configuration.backoff { |backoff| backoff.default_reenqueue_delay = 77 }
      expect(delay_of(blocked).last).to eq(30)
      forget_delays
      expect(delay_of(blocked).last).to eq(77)
    end
  end

  describe 'execution' do
    # With a hundred free connections.
    def at_once
      settings = Tasker::Orchestration::StepExecutor.new.execution_config
      TaskerCore::Engine::Runner::Concurrency.within(settings, 100)
    end

    it 'min_concurrent_steps' do
      configure(:execution, :max_concurrent_steps_limit, 90)
      configure(:execution, :min_concurrent_steps, 77)
      expect(at_once).to eq(77)
      Tasker::Configuration.reset_configuration!
      expect(at_once).to be < 77
    end

    it 'max_concurrent_steps_limit' do
      configure(:execution, :min_concurrent_steps, 1)
      configure(:execution, :max_concurrent_steps_limit, 2)
      expect(at_once).to eq(2)
    end

    it 'is kept by an executor for its life' do
      executor = Tasker::Orchestration::StepExecutor.new
      expect(executor.execution_config.min_concurrent_steps).to eq(3)
      configure(:execution, :min_concurrent_steps, 77)
      expect(executor.execution_config.min_concurrent_steps).to eq(3)
    end

    { 'batch_timeout_base_seconds' => [1, 0, 120], 'batch_timeout_per_step_seconds' => [0, 1, 120],
      'max_batch_timeout_seconds' => [30, 5, 1] }.each do |name, (base, step, most)|
      it name do
        configure(:execution, :batch_timeout_base_seconds, base)
        configure(:execution, :batch_timeout_per_step_seconds, step)
        configure(:execution, :max_batch_timeout_seconds, most)
        go = Queue.new
        ended = Queue.new
        script = ->(*) { (go.pop(timeout: 20) && { 'late' => true }).tap { ended << 1 } }
        task = Scripted.task({ 'one' => [] }, { 'one' => script })
        began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        Timeout.timeout(20) { Scripted.handle(task) }

        expect(Process.clock_gettime(Process::CLOCK_MONOTONIC) - began).to be_between(1, 10)
        failed = Tasker::WorkflowStep.find_by(task_id: task.task_id)
        expect(failed.results.fetch('error')).to include('batch timeout')
      ensure
        go << 1
        ended.pop(timeout: 5)
        Timeout.timeout(10) { sleep 0.02 until sessions_open.zero? }
      end
    end

    def sessions_open = TaskerCore::Core.current.call('session_stats', {}).fetch('sessions_open')
  end

  describe 'telemetry' do
    def lines(level)
      configure(:telemetry, :log_level, level)
      task = Scripted.task({ 'one' => [] })
      written = StringIO.new
      before = Rails.logger
      Rails.logger = Logger.new(written)
      Timeout.timeout(20) { Scripted.handle(task) }
      written.string.lines.grep(/"correlation_id"/)
    ensure
      Rails.logger = before
    end

    it 'log_level' do
      expect(lines('info')).not_to be_empty
      expect(lines('error')).to be_empty
    end
  end

  describe 'dependency_graph' do
    # Failed, waiting and half done steps: every weight counts somewhere.
    let(:tasks) do
      failing = ['complete', 'error', 'error', 'in_progress', nil, nil, 'error', nil]
      waiting = ['complete', 'in_progress', 'in_progress', nil, nil, nil, nil, nil]
      [[failing, 1, 3, true], [failing, 3, 3, true], [failing, 2, 9, false], [failing, 3, 3, false],
       [waiting, 1, 3, true]].map { |given| analyzable(*given) }
    end

    def analyzable(states, attempts, retry_limit, retryable)
      edges = [[1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 6], [6, 8], [7, 8]]
      steps = states.map { |state| { state:, attempts:, retry_limit:, retryable:, state_ago: 500 } }
      Rows.workflow(steps:, edges:, state: 'in_progress').task_id
    end

    def analyses
      tasks.map { |id| TaskerCore.on(Database.connection).analyze_graph(id).except(:generated_at) }
    end

    defaults = Tasker::Types::DependencyGraphConfig.new.to_h
    values = { critical: 4000, high: 8, medium: 2 }
    defaults.each do |group, keys|
      keys.each do |key, default|
        it "#{group}[#{key.inspect}]" do
          before = analyses
          configure(:dependency_graph, group, keys.merge(key => values.fetch(key) { default + 17 }))
          expect(analyses).not_to eq(before)
          Tasker::Configuration.reset_configuration!
          expect(analyses).to eq(before)
        end
      end
    end
  end

  describe 'a task template in YAML' do
    template = <<~YAML
      name: configured_in_yaml
      namespace_name: default
      version: 0.1.0
      task_handler_class: ConfiguredInYaml
      default_dependent_system: spec_system
      named_steps: [first, second]
      step_templates:
        - name: first
          handler_class: Scripted::Step
          default_retry_limit: 1
        - name: second
          depends_on_step: first
          handler_class: Scripted::Step
          default_retry_limit: 1
      environments:
        test:
          step_templates:
            - name: second
              default_retry_limit: 7
              default_retryable: false
    YAML

    it 'gives the steps of a delegated run their limits and edges' do
      Tasker::TaskBuilder.new(config: YAML.load(template))
      task = Scripted.send(:create, 'configured_in_yaml', {})
      expect(core_statements { Timeout.timeout(20) { Scripted.handle(task) } }).to be >= 1

      steps = Tasker::WorkflowStep.where(task_id: task.task_id).order(:workflow_step_id)
      expect(steps.map { |step| [step.name, step.retry_limit, step.retryable] })
        .to eq([['first', 1, true], ['second', 7, false]])
      expect(TaskerCore.on(Database.connection).step_dag(task.task_id).map(&:parent_step_ids))
        .to eq([[], [steps.first.workflow_step_id]])
      expect(steps.map(&:status)).to eq(%w[complete pending])
    end
  end
end

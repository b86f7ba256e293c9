# frozen_string_literal: true

require_relative 'orchestration_helper'

# What an application's own code sees of a run and may do in it.
RSpec.describe 'handlers in a run', :orchestration, database: :committed do
  let(:line) { { 'one' => [], 'two' => ['one'] } }

  def handle(task) = Timeout.timeout(20) { Scripted.handle(task) }

  def by_core(&) = statements(&).grep(/claim_step|finish_step/)

  it "find their parents' results in the sequence and at the step itself" do
    seen = {}
    task = Scripted.task(line, { 'one' => ->(*) { { 'n' => 1 } }, 'two' => lambda { |_, sequence, step|
      seen = { sequence: sequence.find_step_by_name('one').results, parents: step.parents.map(&:results),
               class: sequence.class, states: step.parents.map(&:status) }
      {}
    } })
    handle(task)

    expect(seen).to eq(sequence: { 'n' => 1 }, parents: [{ 'n' => 1 }], class: Tasker::Types::StepSequence,
                       states: %w[complete])
  end

  it "see the database's answer where they ask for a state" do
    seen = []
    task = Scripted.task({ 'one' => [] }, { 'one' => lambda { |own, _, step|
      seen << step.status << own.status << Tasker::WorkflowStep.find(step.workflow_step_id).status
      Tasker::Task.find(task.task_id).state_machine.transition_to!('cancelled')
      seen << own.status
      {}
    } })
    handle(task)

    expect(seen).to eq(%w[in_progress in_progress in_progress cancelled])
  end

  it 'have every attribute saved that they leave dirty, and find it clean afterwards' do
    task = Scripted.task(line, { 'one' => lambda { |_, _, step|
      step.inputs = { 'seen' => true }
      step.retry_limit = 9
      step.results = { 'own' => { 'nested' => [1, nil, 'ü'] } }
      step.backoff_request_seconds = 7
      nil
    } })
    processed = nil
    allow_annotations(task) { |steps| processed = steps.first }
    handle(task)

    expect(step(task, 'one')).to have_attributes(inputs: { 'seen' => true }, retry_limit: 9, backoff_request_seconds: 7,
                                                 results: { 'own' => { 'nested' => [1, nil, 'ü'] } })
    expect(processed).to have_attributes(name: 'one', has_changes_to_save?: false)
    expect(processed.reload.results).to eq(step(task, 'one').results)
  end

  def allow_annotations(task, &block)
    Scripted.handler(task).class.define_method(:update_annotations) { |_, _, steps| block.call(steps) }
  end

  it 'may change their results in place' do
    task = Scripted.task({ 'one' => [] }, { 'one' => ->(_, _, step) { step.results.tap { |own| own['added'] = 1 } } })
    handle(task)

    expect(step(task, 'one').results).to eq('added' => 1)
  end

  it 'are waited for as the backoff calculator says' do
    task = Scripted.task(line, { 'one' => lambda { |_, _, step|
      headers = { 'Retry-After' => '90' }
      Tasker::Orchestration::BackoffCalculator.new.calculate_and_apply_backoff(step, { headers: })
      raise Tasker::RetryableError, 'too many requests'
    } })
    handle(task)

    expect(step(task, 'one')).to have_attributes(backoff_request_seconds: 90, attempts: 1, status: 'error')
    expect(delay_of(jobs.first)).to be_within(2).of(90 + Tasker.configuration.backoff.buffer_seconds)
  end

  it 'are called with annotations before the task is finalized' do
    states = []
    task = Scripted.task(line)
    allow_annotations(task) { |steps| states << [steps.map(&:name), task_state(task)] }
    handle(task)

    expect(states).to eq([[%w[one two], 'in_progress']])
  end

  it 'may add edges in establish_step_dependencies_and_defaults' do
    order = []
    note = ->(_, _, step) { (order << step.name).then { {} } }
    base = proc do
      def establish_step_dependencies_and_defaults(_task, steps)
        by_name = steps.index_by(&:name)
        by_name.fetch('b').add_provides_edge!(by_name.fetch('a'))
      end
    end
    task = Scripted.task({ 'a' => [], 'b' => [] }, { 'a' => note, 'b' => note }, base:)
    Tasker::WorkflowStepEdge.delete_all
    handle(task)

    expect(order).to eq(%w[b a])
    expect(task_state(task)).to eq('complete')
  end

  it 'may run another task to its end' do
    inner = Scripted.task({ 'inner' => [] })
    task = Scripted.task(line, { 'one' => ->(*) { Scripted.handle(inner).then { {} } } })
    handle(task)

    expect([task_state(inner), task_state(task)]).to eq(%w[complete complete])
    expect(session_stats['sessions_open']).to eq(0)
  end

  it 'may roll a transaction of their own back' do
    task = Scripted.task(line, { 'one' => lambda { |_, _, step|
      step.class.transaction do
        step.update!(inputs: { 'rolled' => 'back' })
        raise ActiveRecord::Rollback
      end
      { 'ok' => true }
    } })
    handle(task)

    expect(step_states(task).values.uniq).to eq(['complete'])
    expect(step(task, 'one')).to have_attributes(results: { 'ok' => true }, inputs: { 'rolled' => 'back' })
  end

  # What the pool's other threads have, the spec's own among them.
  def connections_of_others(pool)
    pool.connections.count { |connection| connection.in_use? && connection.owner != Thread.current }
  end

  it 'give their connections back to the pool, whatever they ask it for' do
    graph = Array.new(6) { |n| ["s#{n}", []] }.to_h
    pool = Tasker::ApplicationRecord.connection_pool
    before = connections_of_others(pool)
    asks = ->(*) { Tasker::ApplicationRecord.connection.select_value('SELECT 1').then { {} } }
    handle(Scripted.task(graph, graph.transform_values { asks }))

    expect(connections_of_others(pool)).to be <= before
  end

  describe 'where the pool has no more connections' do
    let(:pool) { Tasker::ApplicationRecord.connection_pool }

    def with_all_but_one_taken
      pool.release_connection
      taken = Array.new(pool.size - pool.stat[:busy] - 1) { pool.checkout }
      pool.checkout_timeout = 0.1
      yield
    ensure
      pool.checkout_timeout = 5
      taken.each { |connection| pool.checkin(connection) }
    end

    it 'run on the one that the thread which drives them had' do
      task = Scripted.task({ 'a' => [], 'b' => [], 'c' => %w[a b] })
      with_all_but_one_taken { handle(task) }

      expect(step_states(task).values.uniq).to eq(['complete'])
      expect(task_state(task)).to eq('complete')
    end

    it 'may run a task of their own inside' do
      inner = Scripted.task({ 'inner' => [] })
      task = Scripted.task({ 'outer' => [] }, { 'outer' => ->(*) { handle(inner).then { {} } } })
      with_all_but_one_taken { handle(task) }

      expect([task_state(inner), task_state(task)]).to eq(%w[complete complete])
    end

    it 'wait while another thread has it, and run when it is given back' do
      task = Scripted.task({ 'a' => [], 'b' => [] })
      had = Queue.new
      takes = lambda do |_|
        next if had.closed?

        pool.release_connection
        Thread.new { pool.with_connection { had.push(true).then { sleep 0.5 } } }
        had.pop.then { had.close }
      end
      with_all_but_one_taken { listen(['workflow.steps_execution_started'], takes) { handle(task) } }

      expect([history(task, 'a'), history(task, 'b')]).to eq([%w[in_progress complete]] * 2)
      expect(task_state(task)).to eq('complete')
    end
  end

  it 'may leave through any exception; a fatal one does not end the run as complete' do
    task = Scripted.task(line, { 'one' => ->(*) { raise NotImplementedError, 'not yet' } })
    handle(task)

    expect(task_state(task)).not_to eq('complete')
    expect(session_stats['sessions_open']).to eq(0)
  end

  describe "an application's own parts" do
    def claims(handler) = by_core { handler.handle(@task) }

    before { @task = Scripted.task(line) }

    it 'are the engine\'s path: a coordinator' do
      handler = Scripted.handler(@task)
      handler.workflow_coordinator_strategy = Class.new(Tasker::Orchestration::WorkflowCoordinator)

      expect(claims(handler)).to be_empty
      expect(task_state(@task)).to eq('complete')
    end

    it 'are the engine\'s path: a method of the re-enqueuer' do
      handler = Scripted.handler(@task)
      handler.reenqueuer_strategy = Class.new(Tasker::Orchestration::TaskReenqueuer) do
        def reenqueue_task(task, reason: 'theirs') = super
      end

      expect(claims(handler)).to be_empty
      expect(task_state(@task)).to eq('complete')
    end

    it 'are the engine\'s path: a method of the executor' do
      handler = Scripted.handler(@task)
      executor = Class.new(Tasker::Orchestration::StepExecutor) do
        def execute_single_step(...) = super.tap { |step| step&.name }
      end.new
      handler.define_singleton_method(:step_executor) { executor }

      expect(claims(handler)).to be_empty
      expect(task_state(@task)).to eq('complete')
    end

    %i[complete_task safe_transition_to].each do |name|
      it "are the engine's path: a singleton method of the finalizer, #{name}" do
        handler = Scripted.handler(@task)
        handler.send(:task_finalizer).define_singleton_method(name) { |*arguments| super(*arguments) }

        expect(claims(handler)).to be_empty
        expect(task_state(@task)).to eq('complete')
      end
    end

    it 'are the engine\'s path: what decides how a task ends' do
      theirs = Module.new { def make_finalization_decision(task, *) = super.tap { task.task_id } }
      Tasker::Orchestration::TaskFinalizer::FinalizationDecisionMaker.singleton_class.prepend(theirs)

      expect(claims(Scripted.handler(@task))).to be_empty
      expect(task_state(@task)).to eq('complete')
    ensure
      theirs.send(:remove_method, :make_finalization_decision)
    end

    it "are the engine's path: a method of a class that the application reopens" do
      finalizer = Tasker::Orchestration::TaskFinalizer
      engines = finalizer.instance_method(:complete_task)
      theirs = 'def complete_task(*) = ended(*)'
      finalizer.class_eval(theirs, '/application/config/initializers/tasker.rb', 1)
      finalizer.define_method(:ended, engines)

      expect(claims(Scripted.handler(@task))).to be_empty
      expect(task_state(@task)).to eq('complete')
    ensure
      finalizer.define_method(:complete_task, engines)
      finalizer.remove_method(:ended)
    end

    it 'are not a subclass that changes nothing' do
      handler = Scripted.handler(@task)
      executor = Class.new(Tasker::Orchestration::StepExecutor).new
      handler.define_singleton_method(:step_executor) { executor }

      expect(claims(handler)).not_to be_empty
      expect(task_state(@task)).to eq('complete')
    end
  end

  describe "an application's validations and callbacks" do
    # As an application has them, in a file of its own. They are taken back after
    # the example.
    def with_application_code(code)
      kinds = %i[_validate_callbacks _save_callbacks _update_callbacks _commit_callbacks]
      before = kinds.to_h { |kind| [kind, Tasker::WorkflowStep.public_send(kind).dup] }
      validators = Tasker::WorkflowStep._validators.dup
      Tasker::WorkflowStep.class_eval(code, '/application/config/initializers/steps.rb', 1)
      yield
    ensure
      before.each { |kind, chain| Tasker::WorkflowStep.public_send(:"#{kind}=", chain) }
      Tasker::WorkflowStep._validators = validators
    end

    {
      'belongs_to :task, touch: true' => true, 'def save!(**) = super' => true, 'def shown = name' => false
    }.each do |code, customized|
      it "#{customized ? 'are' : 'are not'} found in: #{code}" do
        model = Class.new(Tasker::WorkflowStep)
        model.class_eval(code, '/application/models/step.rb', 1)

        expect(TaskerCore::Engine::Runner::ModelCustomizations.update?(model)).to be(customized)
      end
    end

    it 'may order the steps' do
      before = Tasker::WorkflowStep.default_scopes
      Tasker::WorkflowStep.send(:default_scope) { order(workflow_step_id: :desc) }
      task = Scripted.task(line)
      handle(task)

      expect(step_states(task)).to eq('one' => 'complete', 'two' => 'complete')
    ensure
      Tasker::WorkflowStep.default_scopes = before
    end

    it 'run when an outcome is saved' do
      task = Scripted.task(line)
      code = "after_save :note_it\ndef note_it = task.update_column(:reason, \"\#{task.reason} \#{name}:\#{attempts}\")"
      with_application_code(code) { handle(task) }

      expect(Tasker::Task.find(task.task_id)).to have_attributes(reason: 'spec one:1 two:1', complete: true)
    end

    it 'may refuse a result, which fails the step' do
      task = Scripted.task(line, { 'one' => ->(*) { { 'amount' => -1 } } })
      code = "validate :positive\n" \
             "def positive = (errors.add(:results, 'are negative') if results&.fetch('amount', 1)&.negative?)"
      with_application_code(code) { handle(task) }

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step(task, 'one')).to have_attributes(attempts: 1, processed: false)
      expect(step(task, 'one').results['error']).to match(/could not be saved: .*negative/)
    end

    it 'may refuse everything: the failure is recorded nevertheless' do
      task = Scripted.task(line)
      with_application_code("validate { errors.add(:base, 'never') if attempts.to_i.positive? }") { handle(task) }

      expect(history(task, 'one')).to eq(%w[in_progress error])
      expect(step(task, 'one').results['error']).to match(/never/)
      expect(step(task, 'one').attempts).to eq(1)
    end
  end

  describe 'with the adapter' do
    def wait_for(task)
      Timeout.timeout(20) { sleep 0.02 until task_state(task) == 'complete' && session_stats['sessions_open'].zero? }
    end

    it ':inline, a task runs inside the call that makes it' do
      ActiveJob::Base.queue_adapter = :inline
      task = Scripted.task(line)

      expect(task_state(task)).to eq('complete')
    end

    it ':inline, what must wait is reported and not raised' do
      task = Scripted.task(line, { 'one' => ->(*) { raise 'boom' } })
      ActiveJob::Base.queue_adapter = :inline
      expect { run_job(task) }.not_to raise_error

      expect(task_state(task)).to eq('pending')
      expect(reports.map(&:kind)).to eq([:not_enqueued])
      expect(session_stats['sessions_open']).to eq(0)
    end

    it ':async, tasks run on its threads and are retried by it' do
      Tasker.configuration.backoff { |backoff| backoff.buffer_seconds = 1 }
      once = ->(_, _, step) { step.attempts.to_i.zero? ? raise('once') : {} }
      tasks = Array.new(3) { Scripted.task(line, { 'two' => once }) }
      ActiveJob::Base.queue_adapter = :async
      tasks.map { |task| Tasker::TaskRunnerJob.perform_later(task.task_id).then { task } }
           .each { |task| wait_for(task) }

      expect(tasks.map { |task| step(task, 'two').attempts }).to eq([2, 2, 2])
    ensure
      ActiveJob::Base.queue_adapter.shutdown if ActiveJob::Base.queue_adapter.respond_to?(:shutdown)
    end
  end
end

# A suite that wraps its examples in a transaction shares one connection among all
# threads, behind a lock.
RSpec.describe 'handlers under transactional fixtures', :orchestration do
  around do |example|
    pool = Tasker::ApplicationRecord.connection_pool
    pool.lock_thread = true if pool.respond_to?(:lock_thread=)
    pool.pin_connection!(true) if pool.respond_to?(:pin_connection!)
    example.run
  ensure
    pool.unpin_connection! if pool.respond_to?(:unpin_connection!)
  end

  it 'see the rows of the example, and leave nothing' do
    graph = { 'a' => [], 'b' => [], 'c' => [], 'd' => %w[a b c] }
    task = Scripted.task(graph)
    Timeout.timeout(20) { Scripted.handle(task) }

    expect(task_state(task)).to eq('complete')
  end

  it "get a task as its row is, which has one version for all that the example's transaction writes" do
    seen = []
    write = ->(reason) { Tasker::Task.where(task_id: seen.first).update_all(reason:) }
    task = Scripted.task({ 'a' => [], 'b' => ['a'], 'c' => ['b'] },
                         { 'a' => ->(*) { write.call('by a') }, 'b' => ->(*) { write.call('by b') },
                           'c' => ->(given, *) { seen << given.reason } })
    seen << task.task_id
    write.call('by the example')
    Timeout.timeout(20) { Scripted.handle(task) }

    expect(seen).to eq([task.task_id, 'by b'])
    expect(task.reason).to eq('by b')
  end

  it 'have what a run enqueues enqueued at once' do
    task = Scripted.task({ 'a' => [] }, { 'a' => ->(*) { raise 'boom' } })
    Timeout.timeout(20) { Scripted.handle(task) }

    expect([task_state(task), jobs.size]).to eq(['pending', 1])
  end
end

# frozen_string_literal: true

require 'English'
require_relative '../engine/runner/orchestration_helper'
require_relative '../../support/audit_trail'

RSpec.describe 'create_task', database: :committed do
  let(:host) { TaskerCore.on(Database.connection) }
  let(:pool) { TaskerCore.open(database_url: Database.url) }
  let(:steps) do
    [{ name: 'extract', dependent_system: 'shop' },
     { name: 'score', depends_on: ['extract'], retryable: false, retry_limit: 5, skippable: true,
       inputs: { a: [1, nil] } },
     { name: 'load', depends_on: %w[extract score] }]
  end

  after { pool.close }

  def make(client, name = 'made', **options)
    client.create_task(name, steps:, context: { 'day' => '2026-11-26', 'n' => 1.5 }, namespace: 'etl', **options)
  end

  def rows(task_id)
    task = Tasker::Task.find(task_id)
    own = Tasker::WorkflowStep.where(task_id:).order(:workflow_step_id)
    columns = %w[retryable retry_limit skippable attempts inputs results]
    edges = Tasker::WorkflowStepEdge.where(from_step_id: own).order(:id)
    [task.attributes.except(*%w[task_id identity_hash created_at updated_at requested_at]), task.namespace_name,
     own.map { |step| [step.name, step.attributes.slice(*columns)] },
     edges.map { |edge| [edge.from_step, edge.to_step].map(&:name) }]
  end

  it 'makes the same task on both' do
    ours, theirs = [pool, host].map { |client| make(client, reason: 'it is time', tags: %w[a b]) }

    expect(ours.step_ids.keys).to eq(%w[extract score load])
    expect(ours.identity_hash).to match(/\A\h{8}-\h{4}-4\h{3}-[89ab]\h{3}-\h{12}\z/)
    expect(rows(ours.task_id)).to eq(rows(theirs.task_id))
    expect(rows(ours.task_id).last).to eq([%w[extract score], %w[extract load], %w[score load]])
    expect(pool.viable_steps(ours.task_id)).to eq([ours.step_ids['extract']])
  end

  { { steps: [{ name: 'a', depends_on: ['b'] }] } => /steps\[0\].depends_on of the step "a" has "b", which is not/,
    { steps: [{ name: 'a' }, { name: 'a' }] } => /steps\[1\].name is "a", like steps\[0\]/,
    { steps: {} } => /steps is Hash; it must be an Array/, { steps: ['a'] } => /steps\[0\] is "a"; it must be a Hash/,
    { steps: [{ name: 'a', retries: 3 }] } => /steps\[0\] is invalid: unknown name retries/,
    { context: {} } => /context is empty/, { context: [1] } => /context is not a JSON object/,
    { context: { a: "\0" } } => /context has the character \\u0000/, { version: '1' } => /version is "1"/,
    { versoin: '1.0.0' } => /unknown name versoin/, { version: 1.0 } => /version is a number with a fraction/,
    { identity: :md5 } => /identity is "md5"/, { tags: 'x' } => /tags is a string; it must be a list/ }
    .each do |changes, message|
    it "refuses by name #{changes}", :wrong_types do
      [host, pool].each do |client|
        asked = { steps:, context: { a: 1 }, **changes }
        expect { client.create_task('made', **asked) }.to raise_error(TaskerCore::InvalidArgument, message)
      end
      expect(Tasker::Task.count).to eq(0)
    end
  end

  it 'names the steps of a circle' do
    circle = [{ name: 'a', depends_on: ['b'] }, { name: 'b', depends_on: ['a'] }]
    expect { host.create_task('made', steps: circle, context: { a: 1 }) }
      .to raise_error(TaskerCore::CycleError, /a -> b -> a/) { |error| expect(error.path).to eq(%w[a b a]) }
  end

  it 'knows a task that is there already' do
    first = make(pool, identity_hash: 'order 42')
    [host, pool].each do |client|
      expect { make(client, identity_hash: 'order 42') }
        .to raise_error(TaskerCore::DuplicateTask) { |error| expect(error.task_id).to eq(first.task_id) }
    end
    expect(make(host, identity: :hash).identity_hash).to match(/\A\h{64}\z/)
    expect(Tasker::Task.count).to eq(2)
  end

  describe "in the application's transaction" do
    it 'is taken back with it, definitions and all' do
      Tasker::Task.transaction do
        make(host)
        expect(Tasker::Task.count).to eq(1)
        raise ActiveRecord::Rollback
      end

      expect([Tasker::Task, Tasker::NamedStep, Tasker::NamedTask].map(&:count)).to eq([0, 0, 0])
    end

    it 'leaves it usable where the task is refused' do
      Tasker::Task.transaction do
        make(host, identity_hash: 'order 42')
        expect { make(host, identity_hash: 'order 42') }.to raise_error(TaskerCore::DuplicateTask)
        make(host)
      end

      expect(Tasker::Task.count).to eq(2)
    end

    it 'says under REPEATABLE READ that it can be run again, where definitions were made meanwhile' do
      Tasker::Task.transaction(isolation: :repeatable_read) do
        expect(Tasker::Task.count).to eq(0)
        make(pool)
        expect { make(host) }.to raise_error(TaskerCore::DatabaseError) { |error|
          expect(error).to have_attributes(sqlstate: '40001', retryable?: true)
        }
        raise ActiveRecord::Rollback
      end

      make(host)
      expect(Tasker::NamedStep.count).to eq(3)
    end

    it 'is refused where Active Record prevents writes' do
      expect { ActiveRecord::Base.while_preventing_writes { make(host) } }.to raise_error(ActiveRecord::ReadOnlyError)
      make(host)
      expect { ActiveRecord::Base.while_preventing_writes { make(host) } }.to raise_error(ActiveRecord::ReadOnlyError)
    end

    it "gives its rows the application's time" do
      time = Time.utc(2030, 1, 2, 3, 4, 5, 678_901)
      allow(Time).to receive(:now).and_return(time)
      task = Tasker::Task.find(make(host).task_id)
      expect([task.created_at, task.requested_at, task.workflow_steps.first.created_at]).to all(eq(time))
    end
  end

  describe 'the event' do
    def heard(client)
      seen = Queue.new
      subscription = client.subscribe('task.start_requested') { |event| seen << event }
      made = yield
      [made, seen.pop(timeout: 10)]
    ensure
      subscription&.close
    end

    it 'is published on both' do
      { pool => pool, TaskerCore => host }.each do |publisher, client|
        made, event = heard(publisher) { make(client) }

        expect(event).to have_attributes(task_id: made.task_id, namespace: 'etl', task_name: 'made')
        expect(event.payload).to include(step_count: 3, total_steps: 3, event_type: 'started',
                                         task_context: { day: '2026-11-26', n: 1.5 })
      end
    end

    it 'waits for the transaction, and is not published without its COMMIT' do
      seen = Queue.new
      subscription = TaskerCore.subscribe('task.start_requested') { |event| seen << event.task_id }
      Tasker::Task.transaction do
        make(host)
        raise ActiveRecord::Rollback
      end
      kept = Tasker::Task.transaction { make(host).tap { expect(seen.pop(timeout: 0.2)).to be_nil } }

      expect(seen.pop(timeout: 10)).to eq(kept.task_id)
      expect(seen.pop(timeout: 0.1)).to be_nil
    ensure
      subscription&.close
    end
  end

  describe 'for workers' do
    it 'wakes one, which finishes the task' do
      pool.await_steps(timeout: 0)
      pool.await_steps(timeout: 0)
      task = make(host)
      expect(pool.await_steps(timeout: 20)).to be(true)

      handlers = task.step_ids.keys.map { |step| { namespace: 'etl', task: 'made', step: } }
      Tasker::WorkflowStep.update_all(retryable: true)
      until (claimed = pool.claim_ready_steps(handlers, limit: 5, start_tasks: true)).empty?
        claimed.each { |step| pool.complete_claim(step, results: { 'done' => step.handler[:step] }) }
      end
      expect(pool.finalize_task(task.task_id)).to eq('complete')
      expect(AuditTrail.violations).to be_empty
    end
  end
end

RSpec.describe 'a task that is made for Rails', :orchestration, database: :committed do
  let(:outside) { TaskerCore.open(database_url: Database.url) }
  let(:graph) { { 'extract' => [], 'score' => ['extract'], 'load' => ['score'] } }
  let(:name) { Scripted.define(graph) }

  after { outside.close }

  def make(graph = self.graph, name: self.name, **options)
    steps = graph.map { |step, parents| { name: step, depends_on: parents, dependent_system: 'scripts' } }
    id = outside.create_task(name, steps:, context: { 'a' => 1 }, enqueue: true, **options).task_id
    Tasker::Task.find(id)
  end

  def enqueued = jobs.map { |job| (job[:args] || job['arguments']).first }

  it 'is enqueued once, however many listeners look, and run to its end' do
    task = make
    expect(task_state(task)).to eq('pending')
    sweep = -> { Tasker::Task.connection_pool.with_connection { TaskerCore::Listener.new.sweep } }
    woken = Array.new(4) { Thread.new(&sweep) }.flat_map(&:value)

    expect(woken).to eq([task.task_id])
    expect(enqueued).to eq([task.task_id])
    expect(TaskerCore::Listener.new.sweep).to be_empty
    run_job(task)
    expect(task_state(task)).to eq('complete')
    expect(step_states(task).values.uniq).to eq(['complete'])
    expect(AuditTrail.violations).to be_empty
  end

  it 'is enqueued at once by a listener that hears of it' do
    listener = TaskerCore::Listener.start(sweep_seconds: 3600)
    sleep 0.05 until Database.connection.select_value(<<~SQL).to_i.positive?
      SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN #{TaskerCore::Listener::CHANNEL}' AND datname = current_database()
    SQL
    task = make
    Timeout.timeout(20) { sleep 0.01 until enqueued == [task.task_id] }
    listener.stop

    expect(enqueued).to eq([task.task_id])
  end

  it 'is enqueued again where a listener died on the way' do
    task = make
    mark = Tasker::TaskTransition.where(task_id: task.task_id)
    mark.update_all(metadata: { 'wake_up' => 'taken' }, updated_at: Time.current)
    expect(TaskerCore::Listener.new.sweep).to be_empty

    mark.update_all(updated_at: 2.minutes.ago)
    expect(TaskerCore::Listener.new.sweep).to eq([task.task_id])
    expect(mark.pick(:metadata)).to eq({})
  end

  it 'stays, and is reported once, where its handler is not registered' do
    make(name: 'nobody_has_it')
    3.times { expect(TaskerCore::Listener.new.sweep).to be_empty }

    expect(reports.map(&:kind)).to eq([:no_handler])
    expect(reports.first.message).to match(%r{no handler for default/nobody_has_it 0.1.0})
    expect(TaskerCore.stuck_tasks(older_than: 0).size).to eq(1)
  end

  it 'is enqueued by reset_stuck where no listener runs' do
    task = make

    expect(TaskerCore.reset_stuck(older_than: 0).task_ids).to eq([task.task_id])
    expect(enqueued).to eq([task.task_id])
    expect(TaskerCore::Listener.new.sweep).to be_empty
  end

  it "gets the template's other steps, and no step is run that the template does not have" do
    task = make({ 'extract' => [], 'extra' => ['extract'] })
    TaskerCore::Listener.new.sweep
    run_job(task)

    done = graph.transform_values { 'complete' }
    expect(step_states(task)).to eq(**done, 'extra' => 'pending')
  end

  # The stand-in of the engine, and the same rows for a program outside: each begins a task
  # that the other one finishes.
  describe 'of which each has a part' do
    def claim(task)
      outside.claim_ready_steps(graph.keys.map { |step| { task: task.name, step: } }, limit: 1, start_tasks: true).first
    end

    it 'is begun outside and finished in Rails' do
      task = make
      outside.complete_claim(claim(task), results: { 'rows' => 7 })
      expect(task_state(task)).to eq('in_progress')
      outside.transition_task!(task.task_id, to: :pending)
      run_job(task)

      expect(task_state(task)).to eq('complete')
      expect(step(task, 'extract').results).to eq('rows' => 7)
      expect(AuditTrail.violations).to be_empty
    end

    it 'is begun in Rails and finished outside' do
      task = Scripted.task(graph, { 'score' => ->(*) { raise 'not here' } })
      Scripted.handle(task)
      pass_waiting_times(task)
      2.times { outside.complete_claim(claim(task), results: { 'by' => 'outside' }) }

      expect(outside.finalize_task(task.task_id)).to eq('complete')
      expect(history(task, 'score')).to eq(%w[in_progress error pending in_progress complete])
      expect(AuditTrail.violations).to be_empty
    end
  end
end

RSpec.describe 'examples/first_task/first_task.rb', :other_process do
  program = File.expand_path('../../../examples/first_task/first_task.rb', __dir__)

  it 'makes a task, executes it, watches it and draws it' do
    Database.empty do |connection|
      url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      output = IO.popen([RbConfig.ruby, '-Ilib', program, url, { err: %i[child out] }], &:read)

      expect($CHILD_STATUS).to be_success, output
      expect(output).to start_with("made task 1 of 4 steps\n").and include("complete: 4 of 4 steps complete\n---\n")
    end
  end
end

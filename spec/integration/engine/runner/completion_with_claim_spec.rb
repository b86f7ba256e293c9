# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/audit_trail'
require_relative '../../../support/children'

# In a line, one statement completes a step and claims the next one. Others are at one of the
# two at that moment, or the process dies behind it.
RSpec.describe 'a completion that claims the next step', :orchestration, database: :committed do
  let(:line) { { 'one' => [], 'two' => ['one'], 'three' => ['two'] } }
  let(:ran) { Queue.new }

  # A task whose steps note that they run.
  def task_of(graph, scripts = {}, **options)
    noting = graph.keys.to_h do |name|
      [name, lambda { |task, sequence, step|
        ran << name
        scripts[name]&.call(task, sequence, step)
        { 'did' => name }
      }]
    end
    Scripted.task(graph, noting, **options)
  end

  def handle(task) = Timeout.timeout(30) { Scripted.handle(task) }

  def have_run = Array.new(ran.size) { ran.pop }

  def expect_each_once(task, of: line.keys, reported: [])
    done = steps(task).slice(*of).transform_values { |step| [step.status, step.attempts, step.results] }
    expect(have_run).to eq(of)
    expect(done).to eq(of.to_h { |name| [name, ['complete', 1, { 'did' => name }]] })
    expect([AuditTrail.violations, reports.map(&:kind), session_stats['sessions_open']]).to eq([[], reported, 0])
  end

  def with_settings(**variables)
    ActiveRecord::Base.establish_connection(Database.config(variables:))
    yield
  ensure
    ActiveRecord::Base.establish_connection(Database.config)
  end

  # Somebody else, with a transaction on a connection of its own.
  def somebody
    connection = PG.connect(Database.url)
    connection.exec('BEGIN')
    yield connection
  ensure
    connection.close
  end

  # The sessions in which a statement of the core waits for a lock.
  let(:waiting) { "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '-- %'" }

  def waiting_for_a_lock? = PG.connect(Database.url) { |connection| connection.exec(waiting).ntuples.positive? }

  # Holds something from the handler of the first step on, until the run waits for it and a
  # while longer.
  def handle_while_held(sql, of:, ending: 'ROLLBACK', seconds: 0.3, waited: -> { waiting_for_a_lock? })
    somebody do |other|
      ending_it = nil
      holding = lambda do |task, *|
        other.exec_params(sql, [step(task, of).workflow_step_id])
        ending_it = Thread.new do
          sleep 0.01 until waited.call
          sleep seconds
          other.exec(ending)
        end
      end
      task = task_of(line, { 'one' => holding })
      handle(task)
      ending_it.join
      yield task
    end
  end

  row = 'SELECT FROM tasker_workflow_steps WHERE workflow_step_id = $1 FOR UPDATE'
  audit = 'SELECT FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1 FOR UPDATE'
  { 'the row of the step' => [row, 'one'], 'its audit row' => [audit, 'one'],
    'the row of the next step' => [row, 'two'] }.each do |what, (sql, of)|
    it "is written although #{what} is held for a while" do
      handle_while_held(sql, of:) { |task| expect_each_once(task) }
    end
  end

  { 'lock_timeout' => 50, 'statement_timeout' => 300 }.each do |setting, milliseconds|
    { 'the row of the step' => row, 'its audit row' => audit }.each do |what, sql|
      it "is written although #{what} is held for longer than #{setting}" do
        with_settings(setting => milliseconds) do
          handle_while_held(sql, of: 'one', seconds: 5 * milliseconds / 1000.0) { |task| expect_each_once(task) }
        end
      end
    end
  end

  it 'leaves the next step pending whose row is held for longer than lock_timeout, again and again' do
    with_settings(lock_timeout: 50) do
      handle_while_held(row, of: 'two', waited: -> { jobs.any? }) do |task|
        expect([history(task, 'two'), task_state(task)]).to eq([[], 'pending'])
        run_job(task)
        expect_each_once(task)
      end
    end
  end

  # Who waits first is told first: the run, unless the machine is too busy for that.
  it 'is written after a deadlock' do
    somebody do |other|
      meeting = nil
      holding = lambda do |task, *|
        id = step(task, 'one').workflow_step_id
        other.exec_params(row, [id])
        meeting = Thread.new do
          sleep 0.01 until waiting_for_a_lock?
          other.exec_params(audit, [id])
        rescue PG::TRDeadlockDetected
          nil
        ensure
          other.exec('ROLLBACK')
        end
      end
      task = task_of(line, { 'one' => holding })
      handle(task)
      meeting.join

      expect_each_once(task)
    end
  end

  it 'is written although the row was changed meanwhile, under repeatable read' do
    change = 'UPDATE tasker_workflow_steps SET inputs = \'{"by": "others"}\' WHERE workflow_step_id = $1'
    with_settings(default_transaction_isolation: 'repeatable read') do
      handle_while_held(change, of: 'one', ending: 'COMMIT') { |task| expect_each_once(task) }
    end
  end

  it 'is written over a connection that idled for too long' do
    with_settings(idle_session_timeout: 100) do
      task = task_of(line, line.transform_values { ->(*) { sleep 0.3 } })
      handle(task)

      expect_each_once(task)
    end
  end

  it 'is written where the server ends the session in the middle of the statement' do
    ending = nil
    task = task_of(line, { 'one' => ->(*) { ending = ends_next_session } })
    handle(task)
    ending.join

    expect_each_once(task)
  end

  # Ends the session whose statement waits for the table.
  def ends_next_session
    held = Queue.new
    thread = Thread.new do
      somebody do |other|
        other.exec('LOCK TABLE tasker_workflow_steps IN SHARE MODE')
        held << true
        sleep 0.01 until waiting_for_a_lock?
        other.exec("SELECT pg_terminate_backend(pid) FROM (#{waiting}) AS waiting")
      end
    end
    held.pop.then { thread }
  end

  describe 'leaves the next step to whoever has it' do
    insert = lambda do |state|
      <<~SQL
        INSERT INTO tasker_workflow_step_transitions
          (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
        VALUES ($1, '#{state}', 10, true, '{}', now(), now())
      SQL
    end

    it 'and cancels it' do
      handle_while_held(insert.call('cancelled'), of: 'two', ending: 'COMMIT') do |task|
        expect_each_once(task, of: ['one'], reported: [:task_held])
        expect(step_states(task)).to eq('one' => 'complete', 'two' => 'cancelled', 'three' => 'pending')
      end
    end

    it 'and resolves it by hand' do
      handle_while_held(insert.call('resolved_manually'), of: 'two', ending: 'COMMIT') do |task|
        expect_each_once(task, of: %w[one three])
        expect([state(task, 'two'), task_state(task)]).to eq(%w[resolved_manually complete])
      end
    end

    it 'and changes his mind' do
      handle_while_held(insert.call('cancelled'), of: 'two') { |task| expect_each_once(task) }
    end
  end

  describe 'behind which the process dies' do
    # Runs a task in a process that is killed when the completion of the first step has been
    # answered.
    def killed(task)
      pid, reader = Children.start do
        listener = ->(*, payload) { Process.kill(:KILL, Process.pid) if payload[:name].to_s.include?('finish') }
        ActiveSupport::Notifications.subscribed(listener, 'sql.active_record') { Scripted.handle(task) }
      end
      expect(reader.read).to eq('')
      expect(Process.wait2(pid).last.termsig).to eq(Signal.list['KILL'])
    end

    def recover(task)
      TaskerCore.reset_stuck(older_than: 0)
      handle(task)
    end

    it 'costs the next step an attempt that it has to spare' do
      task = task_of(line)
      killed(task)
      expect(step_states(task)).to eq('one' => 'complete', 'two' => 'in_progress', 'three' => 'pending')
      recover(task)

      expect(have_run).to eq(%w[two three])
      expect(steps(task).transform_values(&:attempts)).to eq('one' => 1, 'two' => 2, 'three' => 1)
      expect(history(task, 'two')).to eq(%w[in_progress error pending in_progress complete])
      expect(task_state(task)).to eq('complete')
      expect(AuditTrail.violations).to eq([])
    end

    { 'has one attempt' => { retry_limit: 1 }, 'has its last attempt left' => { attempts: 2 },
      'must not be retried' => { retryable: false } }.each do |which, columns|
      it "leaves a next step alone that #{which}" do
        task = task_of(line)
        step(task, 'two').update!(columns)
        killed(task)
        expect(history(task, 'two')).to eq([])
        recover(task)

        done = columns.key?(:retryable) ? [] : %w[two three]
        expect(have_run).to eq(done)
        expect(history(task, 'two')).to eq(done.empty? ? [] : %w[in_progress complete])
        expect(AuditTrail.violations).to eq([])
      end
    end
  end
end

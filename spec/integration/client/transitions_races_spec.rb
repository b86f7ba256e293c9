# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/transition_race'

# Several processes at the same steps. The size is small here;
# TASKER_CORE_RACE=full makes it 8 processes, 200 steps, 20 rounds.
RSpec.describe 'racing transitions', database: :committed, timeout: 900 do
  full = ENV['TASKER_CORE_RACE'] == 'full'
  processes = full ? 8 : 4
  steps = full ? 200 : 40
  rounds = full ? 20 : 2

  let(:client) { TaskerCore.on(Database.connection) }

  # Every second step has no audit row yet.
  def flow(count) = Rows.workflow(steps: Array.new(count) { |n| n.even? ? {} : { state: 'pending' } })

  def expect_one_winner(outcome, ids, to)
    expect(ids.map { |id| outcome.winners[[id, to]] }).to all(eq(1))
    expect(outcome.winners.keys.map(&:first) - ids).to eq([])
    expect(TransitionRace.violations).to eq([])
  end

  def expect_codes(outcome, *codes)
    expect(outcome.codes.keys - ['allowed', *codes]).to eq([])
    expect(outcome.codes['allowed']).to be_positive
  end

  (1..rounds).each do |round|
    it "have one winner for each step, round #{round}" do
      ids = flow(steps).step_ids
      outcome = TransitionRace.new(processes:, steps: ids, targets: %w[in_progress]).run
      expect_one_winner(outcome, ids, 'in_progress')
      expect_codes(outcome, 'conflict', 'transition_failed')
      expect(outcome.codes.values.sum).to eq(processes * steps)
    end
  end

  it 'leave whole histories where the states go round' do
    ids = Rows.workflow(steps: Array.new(steps / 4) { { state: 'pending' } }).step_ids
    outcome = TransitionRace.new(processes:, steps: ids, targets: %w[error pending] * 5).run
    expect_codes(outcome, 'conflict', 'transition_failed')
    expect(TransitionRace.violations).to eq([])
    written = Tasker::WorkflowStepTransition.where(workflow_step_id: ids).count - ids.size
    expect(outcome.codes['allowed']).to eq(written)
  end

  it 'have one winner for each step under REPEATABLE READ, where losers may have to start over' do
    ids = flow(steps).step_ids
    outcome = TransitionRace.new(processes:, steps: ids, targets: %w[in_progress], isolation: :repeatable_read).run
    expect_one_winner(outcome, ids, 'in_progress')
    expect_codes(outcome, 'conflict', 'transition_failed', '40001')
  end

  it 'have at most one winner for each step under SERIALIZABLE' do
    ids = flow(steps).step_ids
    outcome = TransitionRace.new(processes:, steps: ids, targets: %w[in_progress], isolation: :serializable).run
    # Serializable transactions may fail at their commit, the first of them too.
    expect(TransitionRace.violations).to eq([])
    expect_codes(outcome, 'conflict', 'transition_failed', '40001', 'at commit')
    written = Tasker::WorkflowStepTransition.where(workflow_step_id: ids, to_state: 'in_progress')
    expect(written.group(:workflow_step_id).count.values).to all(eq(1))
  end

  it 'do not lock each other out where some move all steps at once and others one by one from the other end' do
    ids = Rows.workflow(steps: Array.new(steps) { { state: 'pending' } }).step_ids
    outcome = TransitionRace.new(processes:, steps: ids, targets: %w[error pending cancelled], batch: true).run
    expect_codes(outcome, 'conflict', 'transition_failed')
    expect(TransitionRace.violations).to eq([])
    expect(client.transition_steps(ids, to: 'cancelled').map(&:from).uniq - %w[cancelled resolved_manually]).to eq([])
  end

  describe 'one after the other' do
    let!(:step) { flow(2).step_ids }

    # A second session, which holds its transaction open until the block ends.
    def other_session
      Database.elsewhere do |connection|
        connection.begin_transaction(joinable: false)
        yield TaskerCore.on(connection), connection
      ensure
        connection.rollback_transaction if connection.transaction_open?
      end
    end

    # Starts the block on a thread and waits until its session waits for a lock.
    def waiting
      pid = nil
      thread = Thread.new do
        pid = Database.connection.select_value('SELECT pg_backend_pid()')
        yield Database.connection
      ensure
        Tasker::ApplicationRecord.connection_pool.release_connection
      end
      sleep 0.01 while thread.alive? && !(pid && blocked?(pid))
      thread
    end

    def blocked?(pid)
      Database.connection.uncached do
        Database.connection.select_value("SELECT cardinality(pg_blocking_pids(#{pid}))").positive?
      end
    end

    [0, 1].each do |place|
      it "the second waits for the first and gets the conflict, #{place.zero? ? 'without' : 'with'} a row before" do
        id = step[place]
        other_session do |first, session|
          expect(first.transition_step(id, to: 'in_progress')).to be_written
          second = waiting { |own| TaskerCore.on(own).transition_step(id, to: 'in_progress') }
          session.commit_transaction
          expect(second.value).to have_attributes(code: 'conflict', from: 'pending', transition_id: 0,
                                                  message: /step #{id}/)
        end
        expect(TransitionRace.violations).to eq([])
      end

      it "the second wins where the first rolls back, #{place.zero? ? 'without' : 'with'} a row before" do
        id = step[place]
        other_session do |first, session|
          first.transition_step(id, to: 'in_progress')
          second = waiting { |own| TaskerCore.on(own).transition_step(id, to: 'cancelled') }
          session.rollback_transaction
          expect(second.value).to be_written
        end
        expect(client.current_step_state(id)).to eq('cancelled')
        expect(TransitionRace.violations).to eq([])
      end

      it "the second has to start over under REPEATABLE READ, #{place.zero? ? 'without' : 'with'} a row before" do
        id = step[place]
        other_session do |first, session|
          first.transition_step(id, to: 'in_progress')
          second = waiting do |own|
            own.transaction(isolation: :repeatable_read) { TaskerCore.on(own).transition_step(id, to: 'in_progress') }
          rescue TaskerCore::DatabaseError => e
            e
          end
          session.commit_transaction
          expect(second.value).to have_attributes(sqlstate: '40001', retryable?: true)
          expect(second.value.cause).to be_a(ActiveRecord::SerializationFailure)
        end
        expect(TransitionRace.violations).to eq([])
      end
    end

    it 'a lost race does not abort the transaction around it' do
      other_session do |first, session|
        first.transition_step(step[0], to: 'in_progress')
        second = waiting do |own|
          own.transaction do
            [TaskerCore.on(own).transition_step(step[0], to: 'in_progress').code,
             TaskerCore.on(own).transition_step(step[1], to: 'in_progress').code]
          end
        end
        session.commit_transaction
        expect(second.value).to eq(%w[conflict allowed])
      end
    end

    # No machine writes such a row; whoever repairs tables by hand does. Beside the
    # pair that is broken another step gets its first row, so counting would not tell.
    it 'takes everything back where an old row was cleared and the new one could not be written' do
      other_session do |_, session|
        session.execute(<<~SQL)
          INSERT INTO tasker_workflow_step_transitions
            (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
          VALUES (#{step[1]}, 'error', 20, false, '{}', now(), now())
        SQL
        second = waiting do |own|
          TaskerCore.on(own).transition_steps(step, to: 'in_progress')
        rescue TaskerCore::Error => e
          e
        end
        session.commit_transaction
        expect(second.value).to be_a(TaskerCore::ConflictError)
      end
      expect(client.current_step_state(step[0])).to eq('pending')
      current = Tasker::WorkflowStepTransition.where(workflow_step_id: step, most_recent: true)
      expect(current.pluck(:sort_key)).to eq([10])
    end
  end

  it 'leave nothing half done when a process is killed in the middle of a transaction' do
    ids = flow(10).step_ids
    reader, writer = IO.pipe
    child = fork do
      ActiveRecord::Base.establish_connection(Database.config)
      Database.connection.transaction do
        own = TaskerCore.on(Database.connection)
        own.transition_steps(ids, to: 'in_progress')
        own.transition_step!(ids.first, to: 'complete')
        writer.write('.')
        sleep
      end
    end
    expect(reader.read(1)).to eq('.')
    Children.end_child(child)
    # Waits, where the server has not noticed yet, for the dead session's locks.
    results = client.transition_steps(ids, to: 'in_progress')
    expect(results.map(&:code)).to all(eq('allowed'))
    expect(results.map(&:sort_key)).to eq([10, 20] * 5)
    expect(TransitionRace.violations).to eq([])
  end
end

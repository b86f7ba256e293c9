# frozen_string_literal: true

require_relative 'delegation_helper'

RSpec.describe TaskerCore::Engine, :delegation do
  readiness = DelegationHelper::READINESS
  context = DelegationHelper::CONTEXT
  levels = DelegationHelper::LEVELS
  dag = DelegationHelper::DAG

  describe 'the delegated methods', :database do
    let!(:task) { Rows.workflow(steps: [{ state: 'complete', processed: true }, {}, {}], edges: [[1, 2], [2, 3]]) }

    it 'answer by the core with objects of the engine\'s classes' do
      rows = nil
      expect(by_core { rows = readiness.for_task(task.task_id) }).to include('TaskerCore task_snapshot')
      expect(rows).to all(be_an_instance_of(readiness))
      expect(rows.map(&:ready_for_execution)).to eq([false, true, false])
      expect(context.find(task.task_id)).to have_attributes(class: context, execution_status: 'has_ready_steps',
                                                            completion_percentage: BigDecimal('33.33'))
      expect(levels.levels_hash_for_task(task.task_id)).to eq(task.step_ids.zip([0, 1, 2]).to_h)
      expect(reports).to be_empty
    end

    it 'leave the call to the engine where the switch is :off' do
      switch :off
      expect(by_core { readiness.for_task(task.task_id) }).to be_empty
    end

    it 'take plain ids only, and leave everything else to the engine' do
      expect(by_core { readiness.for_task(task.task_id.to_s) }).to be_empty
      expect(by_core { readiness.for_tasks([]) }).to be_empty
      expect { readiness.for_task('x') }.to raise_error(ActiveRecord::StatementInvalid)
    end

    it 'can be stubbed as before' do
      allow(readiness).to receive(:for_task).and_return([:stubbed])
      allow(context).to receive(:find).and_call_original
      expect(readiness.for_task(1)).to eq([:stubbed])
      expect(context.find(task.task_id).total_steps).to eq(3)
    end

    it 'answer unknown and negative ids with nothing, and an empty list of steps with none' do
      expect(readiness.for_task(-1)).to eq([])
      expect(readiness.for_task(task.task_id, [])).to eq([])
      expect(readiness.for_tasks([-7, 2**62])).to eq([])
      expect(context.find(-1)).to be_nil
      expect(levels.for_task(2**62)).to eq([])
    end

    it 'take 100,000 ids' do
      ids = [task.task_id, *(1..99_999).map { |n| 10_000_000 + n }]
      expect(readiness.for_tasks(ids).size).to eq(3)
      expect(context.for_tasks(ids).map(&:task_id)).to eq([task.task_id])
    end

    it 'work with NULL in every column that takes it' do
      nulls = { attempts: nil, retry_limit: nil, last_attempted_at: nil, backoff_request_seconds: nil,
                processed_at: nil, inputs: nil, results: nil }
      bare = Rows.workflow(steps: [nulls], state: nil)
      expect(readiness.for_task(bare.task_id).first).to have_attributes(
        current_state: 'pending', attempts: 0, retry_limit: 3, last_failure_at: nil, next_retry_at: nil,
        backoff_request_seconds: nil, last_attempted_at: nil, ready_for_execution: true
      )
      expect(context.find(bare.task_id).status).to eq('pending')
    end

    it 'count parents in other tasks' do
      other = Rows.workflow(steps: 1)
      Rows.insert_edges([[other[1], task[1]]])
      expect(readiness.for_task(task.task_id).first).to have_attributes(total_parents: 1, completed_parents: 0)
      expect(dag.where(task_id: task.task_id).order(:workflow_step_id).pluck(:min_depth_from_root)).to eq([1, 2, 3])
    end

    it 'raise CycleError for steps that wait for each other, and do not fail over' do
      circle = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3], [3, 1]])
      expect { levels.for_task(circle.task_id) }.to raise_error(TaskerCore::CycleError) { |error|
        expect(error.path.first).to eq(error.path.last)
        expect(error.path.uniq).to match_array(circle.step_ids)
      }
      expect(reports).to be_empty
      expect(dag.where(task_id: circle.task_id).pluck(:min_depth_from_root)).to eq([nil, nil, nil])
      expect(readiness.for_task(circle.task_id).map(&:ready_for_execution)).to eq([false, false, false])
    end

    it 'read the database each time, also under the query cache' do
      Tasker::ApplicationRecord.cache do
        expect(states(task)).to eq(%w[complete pending pending])
        Rows.insert_step_transitions([[task[2], { state: 'in_progress' }]])
        expect(states(task)).to eq(%w[complete in_progress pending])
      end
    end
  end

  describe 'transactions', database: :committed do
    let!(:task) { Rows.workflow(steps: 2, edges: [[1, 2]]) }

    it 'show rows that are not committed, and not any more after a rollback' do
      Tasker::ApplicationRecord.transaction do
        Rows.insert_step_transitions([[task[1], { state: 'complete' }]])
        expect(states(task)).to eq(%w[complete pending])
        expect(readiness.for_task(task.task_id).last.dependencies_satisfied).to be(true)
        raise ActiveRecord::Rollback
      end
      expect(states(task)).to eq(%w[pending pending])
    end

    it 'let the application see that its transaction is aborted' do
      expect do
        Tasker::ApplicationRecord.transaction do
          expect { Database.connection.execute('SELECT 1/0') }.to raise_error(ActiveRecord::StatementInvalid)
          readiness.for_task(task.task_id)
        end
      end.to raise_error(ActiveRecord::StatementInvalid) { |e| expect(e.cause).to be_a(PG::InFailedSqlTransaction) }
      expect(reports).to be_empty
    end

    it 'are the same on many threads' do
      answers = Array.new(8) do
        Thread.new do
          Array.new(10) { ActiveRecord::Base.connection_pool.with_connection { readiness.for_task(task.task_id).size } }
        end
      end.flat_map(&:value)
      expect(answers.uniq).to eq([2])
    end
  end

  describe 'time zones', :database do
    let(:moment) { Rows.now(3) }
    let!(:task) { Rows.workflow(steps: [{ state: 'error', attempts: 2, state_ago: 1, last_attempted_at: moment }]) }

    def times = readiness_row.then { |row| [row.last_failure_at, row.next_retry_at, row.last_attempted_at] }
    def readiness_row = DelegationHelper::READINESS.for_task(@task_id).first

    before { @task_id = task.task_id }

    def both
      actual = times
      switch :off
      [actual, times].map { |list| list.map { |time| [time.class, time.to_r, time.utc_offset] } }
    end

    it 'are as the engine reads them in a session of another zone' do
      Database.connection.execute("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
      expect(both.uniq.size).to eq(1)
    end
  end
end

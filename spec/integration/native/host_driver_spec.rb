# frozen_string_literal: true

require_relative '../../spec_helper'

# The operations on the application's own connection.
RSpec.describe 'the host driver', :database do
  let(:connection) { Database.connection }
  let(:client) { TaskerCore.on(connection) }
  let(:diamond) { [[1, 2], [1, 3], [2, 4], [3, 4]] }

  # The database's own functions are the yardstick for rows that no engine would write.
  def expect_the_functions_answers(*task_ids)
    readiness = Tasker::Functions::FunctionBasedStepReadinessStatus
    context = Tasker::Functions::FunctionBasedTaskExecutionContext
    task_ids.each do |id|
      expect_same(client.step_readiness(id), readiness.for_task(id))
      expect_same([client.task_execution_context(id)], [context.find(id)])
    end
    expect_same(client.step_readiness_batch(task_ids), readiness.for_tasks(task_ids))
    expect_same(client.task_execution_contexts(task_ids), context.for_tasks(task_ids))
  end

  def expect_same(ours, theirs) = expect(ours.map(&:to_h)).to match_array(theirs.map(&:to_h))

  describe 'with ids that nobody has' do
    [0, -1, 999_999_999, (2**63) - 1, -(2**63)].each do |id|
      it "answers #{id} with nothing" do
        aggregate_failures do
          expect(client.step_readiness(id)).to eq([])
          expect(client.step_readiness_batch([id])).to eq([])
          expect(client.viable_steps(id)).to eq([])
          expect(client.task_execution_context(id)).to be_nil
          expect(client.task_execution_contexts([id])).to eq([])
          expect(client.dependency_levels(id)).to eq([])
          expect(client.step_dag(id)).to eq([])
        end
      end
    end

    it 'refuses what is no id, before the database is asked' do
      aggregate_failures do
        expect { client.step_readiness('one') }.to raise_error(TaskerCore::InvalidArgument)
        expect { client.step_readiness(nil) }.to raise_error(TaskerCore::InvalidArgument)
        expect { client.viable_steps(2**64) }.to raise_error(TaskerCore::InvalidArgument)
        expect { client.step_readiness_batch([1, nil]) }.to raise_error(TaskerCore::InvalidArgument)
      end
    end
  end

  describe 'with lists of ids' do
    let(:line) { Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]], state: 'in_progress') }

    it 'answers no steps for none, all for nil, and in the order of their ids' do
      ids = ->(rows) { rows.map(&:workflow_step_id) }

      expect(ids[client.step_readiness(line.task_id, step_ids: [])]).to eq([])
      expect(ids[client.step_readiness(line.task_id)]).to eq(line.step_ids)
      expect(ids[client.step_readiness(line.task_id, step_ids: [line[3], line[1], line[3]])]).to eq([line[1], line[3]])
      expect(client.step_readiness_batch([])).to eq([])
      expect(client.task_execution_contexts([])).to eq([])
    end

    it 'does not answer steps of another task' do
      other = Rows.workflow(steps: 1)

      expect(client.step_readiness(line.task_id, step_ids: other.step_ids)).to eq([])
    end

    it 'takes 100,000 ids' do
      unknown = (1_000_000..1_099_998).to_a
      rows = client.step_readiness_batch([*unknown, line.task_id, line.task_id])

      expect(rows.map(&:workflow_step_id)).to eq(line.step_ids)
      expect(client.task_execution_contexts([*unknown, line.task_id]).map(&:task_id)).to eq([line.task_id])
      expect(client.step_readiness(line.task_id, step_ids: [*unknown, line[2]]).map(&:name)).to eq(['step_2'])
    end
  end

  describe 'with graphs that no engine makes' do
    it 'names the circle' do
      circle = Rows.workflow(steps: 4, edges: [[1, 2], [2, 3], [3, 4], [4, 2]])

      expect { client.dependency_levels(circle.task_id) }.to raise_error(TaskerCore::CycleError) { |error|
        expect(error.path.first).to eq(error.path.last)
        expect(error.path.uniq).to match_array(circle.step_ids.drop(1))
        expect(error.message).to include(circle[2].to_s)
      }
    end

    it 'names a step that depends on itself' do
      circle = Rows.workflow(steps: 1, edges: [[1, 1]])

      expect { client.dependency_levels(circle.task_id) }
        .to raise_error(TaskerCore::CycleError) { |error| expect(error.path).to eq([circle[1], circle[1]]) }
    end

    it 'answers readiness in a circle as the functions do' do
      expect_the_functions_answers(Rows.workflow(steps: 3, edges: [[1, 2], [2, 1], [2, 3]]).task_id)
    end

    it 'counts a parent in another task as the functions do' do
      other = Rows.workflow(steps: [{ state: 'complete', processed: true }, {}])
      mine = Rows.workflow(steps: 2, state: 'in_progress')
      Rows.insert_edges([[other[1], mine[1]], [other[2], mine[2]]])

      expect_the_functions_answers(mine.task_id, other.task_id)
    end

    it 'counts an edge that is there twice as the functions do' do
      expect_the_functions_answers(Rows.workflow(steps: [{ state: 'complete', processed: true }, {}],
                                                 edges: [[1, 2], [1, 2]]).task_id)
    end
  end

  describe 'with NULL in every column that may have it' do
    it 'answers as the functions do' do
      nulls = { attempts: nil, retry_limit: nil, backoff_request_seconds: nil, last_attempted_at: nil }
      states = [nil, 'pending', 'error', 'in_progress', 'complete']
      steps = states.flat_map do |state|
        [nulls, nulls.merge(attempts: 1), nulls.merge(retry_limit: 0), nulls.merge(backoff_request_seconds: 5),
         nulls.merge(last_attempted_at: Rows.now(3)),
         nulls.merge(last_attempted_at: Rows.now(3), backoff_request_seconds: 5)]
          .map { |columns| { state:, **columns } }
      end
      made = Rows.workflow(steps:, edges: Array.new(steps.size - 1) { |n| [1, n + 2] }, state: nil)

      expect_the_functions_answers(made.task_id)
    end
  end

  describe 'inside the transactions of the application' do
    it 'sees what is not committed, and no longer after a rollback' do
      made = Rows.workflow(steps: 2, edges: [[1, 2]], state: 'in_progress')
      connection.transaction(requires_new: true) do
        Rows.insert_step_transitions([[made[1], { state: 'complete' }]])
        Tasker::WorkflowStep.where(workflow_step_id: made[1]).update_all(processed: true)
        expect(client.viable_steps(made.task_id)).to eq([made[2]])
        raise ActiveRecord::Rollback
      end

      expect(client.viable_steps(made.task_id)).to eq([made[1]])
    end

    it 'opens no connection of its own', database: :committed do
      made = Rows.workflow(steps: 2)
      count = -> { connection.select_value('SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()') }
      before = count.call
      client.step_readiness(made.task_id)

      expect(count.call).to eq(before)
    end

    it 'leaves the transaction usable after an error of the database' do
      made = Rows.workflow(steps: 1)
      connection.transaction(requires_new: true) do
        connection.execute('ALTER TABLE tasker_workflow_steps RENAME COLUMN retryable TO was_retryable')
        expect { connection.transaction(requires_new: true) { client.step_readiness(made.task_id) } }
          .to raise_error(TaskerCore::SchemaMissing) { |error|
            expect(error).to have_attributes(code: 'schema_missing', sqlstate: '42703')
            expect(error.cause).to be_a(ActiveRecord::StatementInvalid)
          }
        raise ActiveRecord::Rollback
      end

      expect(client.viable_steps(made.task_id)).to eq(made.step_ids)
    end

    it 'says that the application has a failed transaction' do
      made = Rows.workflow(steps: 1)
      connection.transaction(requires_new: true) do
        expect { connection.execute('SELECT 1/0') }.to raise_error(ActiveRecord::StatementInvalid)
        expect { client.viable_steps(made.task_id) }
          .to raise_error(TaskerCore::DatabaseError) { |error| expect(error.sqlstate).to eq('25P02') }
        raise ActiveRecord::Rollback
      end
    end

    it 'asks the database again where the query cache is on' do
      made = Rows.workflow(steps: 2, edges: [[1, 2]])
      connection.cache do
        expect(client.viable_steps(made.task_id)).to eq([made[1]])
        connection.raw_connection.exec(<<~SQL)
          UPDATE tasker_workflow_steps SET in_process = true WHERE workflow_step_id = #{made[1]}
        SQL
        expect(client.viable_steps(made.task_id)).to eq([])
        expect(connection.query_cache_enabled).to be(true)
      end
    end
  end

  describe 'on connections with other settings', database: :committed do
    let!(:waiting) do
      Rows.workflow(steps: [{ state: 'error', state_ago: 1, attempts: 2 },
                            { attempts: 1, last_attempted_at: Rows.now(10), backoff_request_seconds: 60 },
                            { attempts: 1, last_attempted_at: Rows.now(10), backoff_request_seconds: 5 }])
    end

    def readiness(connection)
      TaskerCore.on(connection).step_readiness(waiting.task_id).map do |row|
        [row.ready_for_execution, row.next_retry_at&.to_f]
      end
    end

    def function(connection)
      connection.select_all("SELECT * FROM get_step_readiness_status(#{waiting.task_id})")
                .map { |row| [row['ready_for_execution'], row['next_retry_at']&.to_f] }
    end

    %w[Asia/Kathmandu America/Los_Angeles].each do |zone|
      it "decides as the function does in a session in #{zone}" do
        Database.elsewhere(variables: { timezone: zone }) do |connection|
          expect(readiness(connection)).to eq(function(connection))
        end
      end

      it "decides and reads times as the function does under default_timezone = :local in #{zone}" do
        previous = [ENV.fetch('TZ', nil), ActiveRecord.default_timezone]
        ENV['TZ'] = zone
        ActiveRecord.default_timezone = :local
        Database.elsewhere { |connection| expect(readiness(connection)).to eq(function(connection)) }
      ensure
        ENV['TZ'], ActiveRecord.default_timezone = previous
      end
    end

    it 'works without prepared statements' do
      Database.elsewhere(prepared_statements: false) do |connection|
        expect(readiness(connection).map(&:first)).to eq([false, false, true])
      end
    end

    it 'works through PgBouncer in transaction mode', if: ENV.key?('TASKER_CORE_TEST_PGBOUNCER_URL') do
      Database.elsewhere(ENV.fetch('TASKER_CORE_TEST_PGBOUNCER_URL'), prepared_statements: false) do |connection|
        answers = Array.new(20) { connection.transaction { readiness(connection) } }

        expect(answers.map { |rows| rows.map(&:first) }.uniq).to eq([[false, false, true]])
      end
    end

    it 'reads another database that the connection leads to' do
      Database.empty do |connection|
        TaskerCore.on(connection).install_schema

        expect(TaskerCore.on(connection).step_readiness(waiting.task_id)).to eq([])
      end
    end

    it 'says that the connection broke, and answers again on the next one' do
      Database.elsewhere do |connection|
        pid = connection.select_value('SELECT pg_backend_pid()')
        connection.transaction do
          connection.materialize_transactions
          Database.connection.execute("SELECT pg_terminate_backend(#{pid})")
          expect { readiness(connection) }.to raise_error(TaskerCore::DatabaseError)
          raise ActiveRecord::Rollback
        end
        expect(readiness(connection).map(&:first)).to eq([false, false, true])
      end
    end
  end
end

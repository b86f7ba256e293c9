# frozen_string_literal: true

require_relative 'delegation_helper'

RSpec.describe 'delegation on other connections', :delegation do
  readiness = DelegationHelper::READINESS

  # Gives the engine's models another connection, as `connects_to` and Tasker's
  # database settings do, for one example.
  def with_connection(**config)
    Tasker::ApplicationRecord.establish_connection(Database.config(**config))
    yield
  ensure
    Tasker::ApplicationRecord.remove_connection
    reset_columns
  end

  def reset_columns
    [Tasker::Task, Tasker::WorkflowStep, Tasker::StepDagRelationship].each(&:reset_column_information)
  end

  it 'uses the second database that the engine\'s models connect to' do
    Database.empty do |empty|
      with_connection(url: Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{empty.current_database}")) do
        TaskerCore.on(Tasker::ApplicationRecord.connection).install_schema
        task = Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]])
        expect(by_core { expect(states(task)).to eq(%w[pending pending pending]) }).not_to be_empty
        expect(DelegationHelper::DAG.where(task_id: task.task_id).count).to eq(3)
        expect(ActiveRecord::Base.connection.select_value('SELECT count(*) FROM tasker_tasks')).to eq(0)
      end
    end
    expect(reports).to be_empty
  end

  it 'works without prepared statements', database: :committed do
    task = Rows.workflow(steps: 2, edges: [[1, 2]])
    with_connection(prepared_statements: false) do
      expect(by_core { expect(states(task)).to eq(%w[pending pending]) }).not_to be_empty
      rows = DelegationHelper::DAG.where(task_id: task.task_id).order(:workflow_step_id)
      expect(rows.pluck(:parent_count)).to eq([0, 1])
    end
  end

  it 'works through PgBouncer in transaction mode', database: :committed do
    url = ENV.fetch('TASKER_CORE_TEST_PGBOUNCER_URL') { skip 'there is no PgBouncer (TASKER_CORE_TEST_PGBOUNCER_URL)' }
    task = Rows.workflow(steps: 2, edges: [[1, 2]])
    with_connection(url:, prepared_statements: false, advisory_locks: false) do
      answers = Array.new(4) do
        Thread.new do
          Array.new(10) { Tasker::ApplicationRecord.connection_pool.with_connection { states(task) } }
        end
      end
      expect(answers.flat_map(&:value).uniq).to eq([%w[pending pending]])
      Tasker::ApplicationRecord.transaction do
        Rows.insert_step_transitions([[task[1], { state: 'complete' }]])
        expect(states(task)).to eq(%w[complete pending])
      end
      expect(DelegationHelper::DAG.where(task_id: task.task_id).count).to eq(2)
    end
    expect(reports).to be_empty
  end

  describe 'with default_timezone :local', database: :committed do
    around do |example|
      zone = ENV.fetch('TZ', nil)
      ENV['TZ'] = 'America/New_York'
      ActiveRecord.default_timezone = :local
      with_connection { example.run }
    ensure
      ENV['TZ'] = zone
      ActiveRecord.default_timezone = :utc
    end

    it 'gives the engine\'s own times and decisions' do
      task = Rows.workflow(steps: [{ state: 'error', attempts: 1, state_ago: 3, last_attempted_at: Time.now - 5 },
                                   { attempts: 1, last_attempted_at: Time.now - 5, backoff_request_seconds: 60 }])
      rows = lambda do
        readiness.for_task(task.task_id).sort_by(&:workflow_step_id).map do |row|
          row.attributes.transform_values { |value| value.is_a?(Time) ? [value.to_r, value.utc_offset] : value }
        end
      end
      by_core = rows.call
      switch :off
      expect(by_core).to eq(rows.call)
    end
  end
end

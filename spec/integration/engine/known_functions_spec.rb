# frozen_string_literal: true

require_relative 'delegation_helper'

# What somebody changed in the database has rules of its own: it goes on being asked.
RSpec.describe TaskerCore::Engine::KnownFunctions, :delegation, database: true do
  before { described_class.reset }

  after { described_class.reset }

  let(:task) { Rows.workflow(steps: 3, edges: [[1, 2], [2, 3]]) }

  def execute(sql) = Database.connection.execute(sql)

  def levels = Tasker::Functions::FunctionBasedDependencyLevels.for_task(task.task_id).map(&:dependency_level)

  def dag = Tasker::StepDagRelationship.where(task_id: task.task_id).to_a

  def questions(&)
    count = 0
    counter = ->(*, payload) { count += 1 if payload[:name] == 'TaskerCore function_fingerprints' }
    ActiveSupport::Notifications.subscribed(counter, 'sql.active_record', &)
    count
  end

  it 'leaves altered levels to the function' do
    execute('CREATE OR REPLACE FUNCTION calculate_dependency_levels(input_task_id bigint) ' \
            'RETURNS TABLE(workflow_step_id bigint, dependency_level integer) ' \
            "LANGUAGE sql STABLE AS 'SELECT 1::bigint, 77'")
    expect(levels).to eq([77])
    expect(reports.map(&:kind)).to eq([:unknown_function])
    expect(dag.size).to eq(3)
  end

  it 'leaves an altered view to those who altered it' do
    view = Database.connection.select_value("SELECT pg_get_viewdef('tasker_step_dag_relationships'::regclass)")
    execute("CREATE OR REPLACE VIEW tasker_step_dag_relationships AS #{view.delete_suffix(';')} LIMIT 0")
    expect(dag).to eq([])
    expect(reports.map(&:kind)).to eq([:unknown_function])
    expect(levels).to eq([0, 1, 2])
  end

  it 'asks a database once, whatever is collected in between' do
    asked = questions do
      3.times do
        levels && dag
        GC.start
      end
    end
    expect(asked).to eq(1)
  end
end

# frozen_string_literal: true

require_relative 'parity_helper'

# The check and the doctor on the schema that the engine's own migrations make.
RSpec.describe 'the check of a live schema' do
  def client = TaskerCore.on(Database.connection)

  def versions(check) = check.functions.map(&:version).tally

  def resolution_notes
    TaskerCore::FunctionVersions.reset
    TaskerCore::Engine::KnownFunctions.reset
    TaskerCore.doctor.to_s
  end

  it "finds the engine's newest schema as expected" do
    expect(client.check_schema).to have_attributes(clean?: true, harmful: [], unknown_functions: [], consistent?: true)
    expect(versions(client.check_schema)).to eq('tasker-engine v02' => 2, 'tasker-engine v01' => 8)
    expect(TaskerCore.doctor).to be_healthy
  end

  it 'knows the first version of the functions, and follows its rules' do
    EngineDatabase.install_first_version
    expect(client.check_schema).to have_attributes(clean?: true, unknown_functions: [], consistent?: true)
    expect(versions(client.check_schema)).to eq('tasker-engine v01' => 10)
    expect(client.readiness_version).to eq(1)
    expect(resolution_notes).not_to include('unknown')
  end

  it 'finds the two functions for readiness apart' do
    text = Tasker::Engine.root.join('db/functions/get_step_readiness_status_v01.sql').read
    Database.connection.execute(text)
    expect(client.check_schema).to have_attributes(clean?: false, consistent?: false)
  end

  it 'tells an altered function, switches its capability off, and leaves the answer to it' do
    Database.connection.execute('CREATE OR REPLACE FUNCTION calculate_dependency_levels(input_task_id bigint) ' \
                                'RETURNS TABLE(workflow_step_id bigint, dependency_level integer) ' \
                                "LANGUAGE sql STABLE AS 'SELECT 1::bigint, 77'")
    check = client.check_schema
    expect(check).not_to be_clean
    expect(check.unknown_functions.map { |function| [function.name, function.capability] })
      .to eq([['calculate_dependency_levels(bigint)', :dependency_resolution]])
    TaskerCore::Engine::KnownFunctions.reset
    levels = Tasker::Functions::FunctionBasedDependencyLevels.for_task(Rows.workflow(steps: 2).task_id)
    expect(levels.map(&:dependency_level)).to eq([77])
    expect(TaskerCore.doctor.to_s).to include('calculate_dependency_levels')
  ensure
    TaskerCore::Engine::KnownFunctions.reset
  end

  it 'leaves an altered view to those who altered it' do
    view = Database.connection.select_value("SELECT pg_get_viewdef('tasker_step_dag_relationships'::regclass)")
    Database.connection.execute('CREATE OR REPLACE VIEW tasker_step_dag_relationships AS ' \
                                "#{view.delete_suffix(';')} LIMIT 1")
    expect(client.check_schema.unknown_functions.map(&:name)).to eq(['tasker_step_dag_relationships'])
    task = Rows.workflow(steps: 3)
    TaskerCore::Engine::KnownFunctions.reset
    expect(Tasker::StepDagRelationship.where(task_id: task.task_id).to_a.size).to be <= 1
    expect(TaskerCore::Reporting.counts.keys.flatten).to include(:unknown_function)
  ensure
    TaskerCore::Engine::KnownFunctions.reset
  end

  it 'names every table of an empty database' do
    Database.elsewhere(EngineDatabase::SERVER.sub(%r{(//[^/]*)/[^?]*}, '\1/template1')) do |connection|
      check = TaskerCore.on(connection).check_schema
      expect(check).not_to be_clean
      expect(check.differences.count { |difference| difference.kind == :missing_table }).to eq(13)
      expect(check.functions.map(&:version).uniq).to eq(['missing'])
    end
  end
end

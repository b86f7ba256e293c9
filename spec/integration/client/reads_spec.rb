# frozen_string_literal: true

require_relative '../engine/delegation_helper'
require_relative '../../support/calls'

# What a question costs beside its statement, in numbers that no busy machine changes.
RSpec.describe 'the cost of a read', :delegation, :database do
  let!(:task) { Rows.workflow(steps: [{ state: 'complete' }] * 5 + [{}] * 5, edges: (1..9).map { |n| [n, n + 1] }) }
  let(:step) { Tasker::WorkflowStep.find(task[1]) }

  def new_client = TaskerCore.on(Database.connection)

  before { switch :active, state_transitions: :active }

  after { switch :off, state_transitions: :off }

  it 'is at most 450 calls for the readiness of ten steps' do
    expect(Calls.count { DelegationHelper::READINESS.for_task(task.task_id) }).to be <= 450
  end

  it 'is at most 340 calls for a current state' do
    machine = step.state_machine
    expect(Calls.count { machine.current_state }).to be <= 340
  end

  it 'grows by a few calls a row, and by none for attributes that nobody reads' do
    rows = ->(id) { Calls.count { DelegationHelper::READINESS.for_task(id) } }
    larger = Rows.workflow(steps: 110)
    expect((rows.call(larger.task_id) - rows.call(task.task_id)) / 100.0).to be <= 5
  end

  it 'decodes a column once, however many rows are read' do
    rows = DelegationHelper::READINESS.for_task(task.task_id)
    rows.first.name
    expect(Calls.count { rows.last.name }).to be <= 8
  end

  operations = {
    step_readiness: ->(client, task) { client.step_readiness(task.task_id) },
    step_readiness_batch: ->(client, task) { client.step_readiness_batch([task.task_id]) },
    viable_steps: ->(client, task) { client.viable_steps(task.task_id) },
    task_execution_context: ->(client, task) { client.task_execution_context(task.task_id) },
    task_execution_contexts: ->(client, task) { client.task_execution_contexts([task.task_id]) },
    dependency_levels: ->(client, task) { client.dependency_levels(task.task_id) },
    step_dag: ->(client, task) { client.step_dag(task.task_id) },
    analyze_graph: ->(client, task) { client.analyze_graph(task.task_id) },
    current_step_state: ->(client, task) { client.current_step_state(task[1]) },
    current_task_state: ->(client, task) { client.current_task_state(task.task_id) },
    system_health_counts: ->(client, _) { client.system_health_counts },
    open_session: ->(client, task) { client.open_session(task.task_id).close }
  }
  operations.each do |name, ask|
    it "is one statement for #{name}, on a new client in a database that is known" do
      new_client.viable_steps(task.task_id)
      expect(Calls.statements { ask.call(new_client, task) }.size).to eq(1)
    end
  end

  it 'has the rules of readiness asked once for each database and search path' do
    TaskerCore::FunctionVersions.reset
    asked = Calls.statements { 3.times { new_client.viable_steps(task.task_id) } }
    expect(asked.count('TaskerCore function_fingerprints')).to eq(1)

    Database.connection.schema_search_path = 'public,pg_catalog'
    asked = Calls.statements { 2.times { new_client.viable_steps(task.task_id) } }
    expect(asked.count('TaskerCore function_fingerprints')).to eq(1)
  ensure
    Database.connection.schema_search_path = 'public'
  end

  it 'is a statement and no call of the core for a state or a guard' do
    step.status
    expect(TaskerCore::Native).not_to receive(:call)
    expect(step.status).to eq('complete')
    expect(Tasker::Task.find(task.task_id).all_steps_complete?).to be(false)
    expect(Tasker::StateMachine::StepStateMachine.step_dependencies_met?(step)).to be(true)
    expect(new_client.current_step_state(-1)).to be_nil
  end

  it 'is counted all the same' do
    before = TaskerCore.stats
    300.times { step.status }
    after = TaskerCore.stats
    %w[tasker_core_operation_duration_seconds tasker_core_statement_duration_seconds].each do |name|
      count = lambda do |stats|
        stats.values(name) { |sample| sample.labels.value?('current_step_state') }.sum(&:count)
      end
      expect(count.call(after) - count.call(before)).to eq(300)
    end
  end

  it 'leaves arguments that are none for the core to refuse, before any statement' do
    client = new_client
    client.viable_steps(task.task_id)
    core = TaskerCore::Core.current
    host = TaskerCore::HostConnection.new(Database.connection)
    ask = lambda do |operation, arguments|
      expect { core.call(operation, { **arguments, 'function_version' => 2 }, host) }
        .to raise_error(TaskerCore::InvalidArgument)
    end
    ran = Calls.statements do
      [nil, 'x', 2**63].each { |odd| ask.call('viable_steps', { 'task_id' => odd }) }
      [['x'], [2**63], 7].each { |odd| ask.call('step_readiness_batch', { 'task_ids' => odd }) }
    end
    expect(ran).to be_empty
  end

  it 'is the core\'s to see where a statement fails' do
    client = new_client
    client.current_step_state(1)
    Database.connection.execute('ALTER TABLE tasker_workflow_steps RENAME TO elsewhere')
    expect { Database.connection.transaction(requires_new: true) { client.current_step_state(1) } }
      .to raise_error(TaskerCore::SchemaMissing)
  end
end

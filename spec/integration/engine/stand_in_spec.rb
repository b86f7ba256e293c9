# frozen_string_literal: true

require_relative '../../spec_helper'

# The ground that the other specs stand on.
RSpec.describe 'the stand-in for the engine', :database do
  let(:diamond) { Rows.workflow(steps: 4, edges: [[1, 2], [1, 3], [2, 4], [3, 4]], state: 'in_progress') }

  it 'answers readiness from the SQL function' do
    rows = Tasker::Functions::FunctionBasedStepReadinessStatus.for_task(diamond.task_id)

    expect(rows.map(&:workflow_step_id)).to match_array(diamond.step_ids)
    expect(rows.select(&:ready_for_execution).map(&:workflow_step_id)).to eq([diamond[1]])
  end

  it 'answers the execution context and the levels from the SQL functions' do
    context = Tasker::Functions::FunctionBasedTaskExecutionContext.find(diamond.task_id)
    levels = Tasker::Functions::FunctionBasedDependencyLevels.levels_hash_for_task(diamond.task_id)

    expect(context).to have_attributes(execution_status: 'has_ready_steps', total_steps: 4, ready_steps: 1)
    expect(levels).to eq(diamond[1] => 0, diamond[2] => 1, diamond[3] => 1, diamond[4] => 2)
  end

  it 'preloads the rows of the view as a relation' do
    steps = Tasker::WorkflowStep.where(task_id: diamond.task_id).includes(:step_dag_relationship).sort_by(&:id)
    roots = Tasker::StepDagRelationship.for_task(diamond.task_id).root_steps

    expect(steps.map { |step| step.step_dag_relationship.child_count }).to eq([2, 1, 1, 0])
    expect(roots.pluck(:workflow_step_id)).to eq([diamond[1]])
  end
  context 'with task handlers', database: :committed do
    require_relative '../../support/workflows'

    it 'runs a diamond with results handed on, and completes the task' do
      task = Workflows.run('diamond')

      expect(task).to have_attributes(status: 'complete', complete: true)
      expect(task.get_step_by_name('bottom')).to have_attributes(results: { 'sum' => 5 }, attempts: 1, processed: true)
    end

    it 'leaves a failed step in error and its task waiting' do
      task = Workflows.run('line', failures: { two: 1 })

      expect(task.status).to eq('pending')
      expect(task.get_step_by_name('two')).to have_attributes(status: 'error', attempts: 1)
      expect(task.get_step_by_name('three').status).to eq('pending')
    end

    it 'refuses transitions with the errors of statesman' do
      step = Workflows.create('line').get_step_by_name('two')

      expect { step.state_machine.transition_to!(:in_progress) }.to raise_error(Statesman::GuardFailedError)
      expect { step.state_machine.transition_to!(:complete) }.to raise_error(Statesman::TransitionFailedError)
      expect(step.state_machine.transition_to!(:cancelled, 'by' => 'spec')).to be(true)
      expect(step.workflow_step_transitions.pluck(:from_state, :to_state, :sort_key, :most_recent, :metadata))
        .to eq([[nil, 'cancelled', 10, true, { 'by' => 'spec' }]])
    end

    it 'publishes to subscribers' do
      seen = Queue.new
      listener = ->(event) { seen << event[:step_name] }
      publisher = Tasker::Events::Publisher.instance
      publisher.subscribe('step.completed', &listener)
      Workflows.run('line')
      publisher.unsubscribe(listener)

      expect(Array.new(seen.size) { seen.pop }.tally).to eq('one' => 3, 'two' => 3, 'three' => 3)
    end
  end
end

# frozen_string_literal: true

require_relative '../spec_helper'

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
end

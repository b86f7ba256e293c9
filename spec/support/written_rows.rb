# frozen_string_literal: true

# What a run wrote, as the engine's recorded answers have it: on the stand-in and on the real
# engine alike.
module WrittenRows
  # @return [Array<Array>] the audit rows of a task's steps, by the steps' names
  def step_transitions(task)
    Tasker::WorkflowStepTransition.joins(workflow_step: :named_step)
                                  .where(tasker_workflow_steps: { task_id: task.task_id })
                                  .order('tasker_named_steps.name', :sort_key)
                                  .pluck('tasker_named_steps.name', :from_state, :to_state, :sort_key, :most_recent,
                                         :metadata)
  end

  # @return [Array<Array>]
  def task_transitions(task)
    Tasker::TaskTransition.where(task_id: task.task_id).order(:sort_key)
                          .pluck(:from_state, :to_state, :sort_key, :most_recent, :metadata)
  end

  # @return [Array<Hash>] the columns of a task's steps
  def columns(task)
    Tasker::WorkflowStep.where(task_id: task.task_id).order(:workflow_step_id).map do |step|
      { 'name' => step.name, 'status' => step.status, 'attempts' => step.attempts, 'in_process' => step.in_process,
        'processed' => step.processed, 'processed_at' => !step.processed_at.nil?,
        'last_attempted_at' => !step.last_attempted_at.nil?, 'result_keys' => step.results&.keys }
    end
  end
end

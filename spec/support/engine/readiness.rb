# frozen_string_literal: true

module Tasker
  # Stands in for app/models/tasker/step_readiness_status.rb.
  class StepReadinessStatus
    class << self
      delegate :for_task, :for_steps, :for_tasks, :ready_for_task, :complete_for_task,
               to: 'Tasker::Functions::FunctionBasedStepReadinessStatus'

      def active = Functions::FunctionBasedStepReadinessStatus

      def all_steps_complete_for_task?(task)
        complete_for_task(task.task_id).length == task.workflow_steps.count
      end
    end
  end

  # Stands in for app/models/tasker/task_execution_context.rb.
  class TaskExecutionContext
    class << self
      delegate :find, :for_tasks, to: 'Tasker::Functions::FunctionBasedTaskExecutionContext'

      def active = Functions::FunctionBasedTaskExecutionContext
    end

    def initialize(task_id)
      @task_id = task_id
    end

    def workflow_summary
      @workflow_summary ||= Functions::FunctionBasedTaskExecutionContext.find(@task_id).workflow_summary
    end
  end
end

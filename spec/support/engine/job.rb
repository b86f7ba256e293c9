# frozen_string_literal: true

module Tasker
  # Stands in for app/jobs/tasker/task_runner_job.rb.
  class TaskRunnerJob < ActiveJob::Base
    queue_as :default

    def perform(task_id)
      task = Task.find(task_id)
      HandlerFactory.instance.get(task.name, namespace_name: task.namespace_name, version: task.version).handle(task)
      return if task.state_machine.in_state?('complete')

      raise RetryableError, "Task processing failed for task #{task_id} - final status: #{task.status}"
    end
  end
end

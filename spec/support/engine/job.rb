# frozen_string_literal: true

module Tasker
  # Stands in for app/jobs/tasker/task_runner_job.rb.
  class TaskRunnerJob < ActiveJob::Base
    include Concerns::EventPublisher

    queue_as :default

    def perform(task_id, correlation_id: SecureRandom.uuid)
      task = Task.find(task_id)
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      HandlerFactory.instance.get(task.name, namespace_name: task.namespace_name, version: task.version).handle(task)
      validate_task_completion(task, correlation_id, Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
    end

    private

    def validate_task_completion(task, _correlation_id, _duration)
      return if task.state_machine.current_state == 'complete'

      raise RetryableError, "Task processing failed for task #{task.task_id} - final status: #{task.status}"
    end
  end
end

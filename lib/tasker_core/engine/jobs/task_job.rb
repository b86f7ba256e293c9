# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Prepended to TaskRunnerJob.
      module TaskJob
        KEY = :tasker_core_job
        private_constant :KEY

        # The return value of a job that leaves its task waiting.
        LEFT_ALONE = :tasker_core_left_alone

        # @return [Boolean] whether this thread runs a job whose task the core executes
        def self.running? = Thread.current[KEY] && Runner.active?

        # @return [Boolean] whether a job may take up a task that is in_progress
        def self.resuming? = running? && TaskerCore.configuration.resume_interrupted_tasks

        def perform(...)
          before = Thread.current[KEY]
          Thread.current[KEY] = true
          catch(LEFT_ALONE) { super }
        ensure
          Thread.current[KEY] = before
        end

        # If the queue does not accept the retry, the job fails, so that the queue can recover it.
        def retry_job(options = {})
          enqueued = super
          unless enqueued || !Runner.active?
            raise options[:error] || NotEnqueued.new('the job could not be enqueued again',
                                                     code: 'not_enqueued')
          end

          enqueued
        end

        private

        # A failure that the run recorded does not fail the job: the task was enqueued again, or is
        # in error.
        def validate_task_completion(task, job_correlation_id, task_execution_duration)
          return super unless Runner.active?

          task.reload
          log_task_event(task, :job_execution_completed,
                         job_id:, final_status: task.status, correlation_id: job_correlation_id,
                         execution_duration_ms: (task_execution_duration * 1000).round(2))
        end
      end
    end
  end
end

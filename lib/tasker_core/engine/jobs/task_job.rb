# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Prepended to TaskRunnerJob.
      module TaskJob
        KEY = :tasker_core_job
        private_constant :KEY

        # What the job is left with when its task goes on waiting.
        LEFT_ALONE = :tasker_core_left_alone

        # @return [Boolean] whether this thread runs a job whose task is the core's
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

        # A retry that the queue does not take is no retry: then the job fails, for the queue's
        # own recovery.
        def retry_job(options = {})
          enqueued = super
          unless enqueued || !Runner.active?
            raise options[:error] || NotEnqueued.new('the job could not be enqueued again',
                                                     code: 'not_enqueued')
          end

          enqueued
        end

        private

        # What the run recorded is no failure of the job: it was enqueued again, or the task
        # is in error and says so.
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

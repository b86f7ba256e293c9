# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Enqueues a task's job and checks that the queue accepted it, because the engine's
      # re-enqueuer swallows the queue adapter's exceptions.
      class JobEnqueuer
        EVENTS = /\Aenqueue(_at)?\.active_job\z/
        private_constant :EVENTS

        # @param task [Tasker::Task]
        # @param reason [String] the reason that the engine's events give
        def initialize(task, reason)
          @task = task
          @reason = reason
        end

        # Enqueues the job. A failure inside a job fails that job, so the queue runs it again. A
        # failure elsewhere is reported. stuck_tasks lists the task.
        #
        # @param delay [Integer] seconds
        # @return [void]
        # @raise [NotEnqueued]
        def call(delay)
          return if enqueued? { delay.positive? ? later(delay) : reenqueuer.reenqueue_task(@task, reason: @reason) }

          PendingMark.new(@task).set(PendingMark::LOST)
          raise error if TaskJob.running?

          report(error)
        rescue NotImplementedError => e
          # The adapter :inline cannot run jobs later, and raises an error that is not a
          # StandardError.
          no_later(e)
        end

        private

        def reenqueuer = ::Tasker::Orchestration::TaskReenqueuer.new

        def later(delay) = reenqueuer.reenqueue_task_delayed(@task, delay_seconds: delay, reason: @reason)

        def enqueued?(&block)
          done = false
          listener = lambda do |*, payload|
            done ||= payload[:job].is_a?(::Tasker::TaskRunnerJob) && payload[:job].successfully_enqueued? &&
                     payload[:job].arguments.first == @task.task_id
          end
          ActiveSupport::Notifications.subscribed(listener, EVENTS, &block)
          done
        end

        def error
          NotEnqueued.new("Task #{@task.task_id} is pending and has to continue, but its job could not be enqueued. " \
                          'Once the queue accepts jobs again, run this job again or call TaskerCore.reset_stuck.',
                          code: 'not_enqueued')
        end

        def no_later(error)
          report(error, "Task #{@task.task_id} has to wait and stays pending, but the queue adapter cannot run a job " \
                        'later. Enqueue its job again, or use an adapter other than :inline.')
        end

        def report(error, message = error.message)
          Reporting.report(
            Report.new(kind: :not_enqueued, capability: CAPABILITY, operation: 'TaskReenqueuer', details: { error: },
                       message:)
          )
        end
      end
    end
  end
end

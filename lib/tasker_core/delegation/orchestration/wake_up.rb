# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Sees to it that an unfinished run is taken up again: its task is set pending
      # and exactly one job is enqueued, after commit, with the delay that the
      # engine's own rules give (its backoff settings, its steps' waiting times).
      class WakeUp
        # Enqueues a task's job for later. The adapter :inline has no later, and says so
        # with what is no StandardError.
        #
        # @param task [Tasker::Task]
        # @param delay_seconds [Integer]
        # @param reason [String]
        # @return [void]
        def self.later(task, delay_seconds, reason)
          ::Tasker::Orchestration::TaskReenqueuer.new.reenqueue_task_delayed(task, delay_seconds:, reason:)
        rescue NotImplementedError => e
          Reporting.report(
            Report.new(kind: :not_enqueued, capability: CAPABILITY, operation: 'TaskReenqueuer#reenqueue_task_delayed',
                       details: { error: e },
                       message: "Task #{task.task_id} has to wait and stays pending, but the queue adapter cannot " \
                                'run a job later. Enqueue its job again, or use another adapter than :inline.')
          )
        end

        # @param run [Run]
        def initialize(run)
          @run = run
          @task = run.task
        end

        # @return [void]
        def call
          return unless TaskerCore.configuration.reenqueue_unfinished_tasks && unfinished?
          return park if waits_for_others?

          context = finalizer::ContextManager.get_task_execution_context(@task.task_id)
          enqueue(context) if context && waits?(context) && set_pending
        end

        private

        def finalizer = ::Tasker::Orchestration::TaskFinalizer

        def reenqueuer = @reenqueuer ||= ::Tasker::Orchestration::TaskReenqueuer.new

        def unfinished?
          return false if @run.facts.state == 'complete'

          @state = @task.state_machine.current_state
          %w[pending in_progress].include?(@state)
        end

        # Whether nothing is left for Rails until others have done something, by the run's last
        # strict read.
        def waits_for_others?
          return false if @run.lost?

          batch = @run.session.next
          ready = batch.ready + batch.retry
          external.leave(ready).empty? && external.outstanding?(ready, @run.session.step_states)
        end

        def external = @run.external

        # Whoever sets the task pending enqueues it: two runs of one task that end at
        # the same time leave one job.
        def set_pending
          return @run.set_pending? if @state == 'pending'

          reenqueuer.safe_transition_to(@task, 'pending')
        end

        # Without retries nothing will ever change for a task whose only ready steps
        # are failed ones.
        def waits?(context)
          TaskerCore.configuration.retry_failed_steps || context.execution_status != 'has_ready_steps'
        end

        # Also where another run has set the task pending, which knew less: the mark says
        # that a worker's word is waited for, and is set once.
        def park
          return unless @state == 'pending' || set_pending

          Parking.new(@task, own_failures: external.failed_beside?(@run.session.step_states)).park
        end

        def enqueue(context)
          reason = finalizer::ReasonDeterminer.determine_reenqueue_reason(context)
          delay = finalizer::DelayCalculator.calculate_reenqueue_delay(context)
          ActiveRecord.after_all_transactions_commit do
            if delay.positive?
              self.class.later(@task, delay, reason)
            else
              reenqueuer.reenqueue_task(@task, reason:)
            end
          end
        end
      end
    end
  end
end

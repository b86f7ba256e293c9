# frozen_string_literal: true

module Tasker
  module Orchestration
    # Stands in for lib/tasker/orchestration/task_finalizer.rb.
    class TaskFinalizer
      include Concerns::EventPublisher
      include Concerns::IdempotentStateTransitions

      def blocked_by_errors?(task, _sequence, _processed_steps)
        context_of(task)&.execution_status == 'blocked_by_failures'
      end

      def finalize_task_with_steps(task, _sequence, processed_steps)
        publish_finalization_started(task, processed_steps, context_of(task))
        finalize_task(task.task_id, synchronous: true)
        publish_finalization_completed(task, processed_steps, context_of(task))
      end

      def publish_finalization_started(task, steps, context)
        publish_task_finalization_started(task, **told(steps, context))
      end

      def publish_finalization_completed(task, steps, context)
        publish_task_finalization_completed(task, **told(steps, context))
      end

      def finalize_task(task_id, synchronous: false)
        task = Task.find(task_id)
        FinalizationDecisionMaker.make_finalization_decision(task, context_of(task), synchronous, self)
      end

      # A task that another run has set pending is taken up again first.
      def complete_task(task, context)
        return unless task.status == 'in_progress' || safe_transition_to(task, 'in_progress')

        ActiveRecord::Base.transaction do
          task.update!(complete: true)
          raise ActiveRecord::Rollback unless safe_transition_to(task, 'complete')
        end
        publish_task_completed(task, total_steps: context.total_steps, completion_percentage: 100.0)
      end

      def error_task(task, context)
        return unless safe_transition_to(task, 'error')

        publish_task_failed(task, error_message: 'steps_in_error_state', failed_steps_count: context.failed_steps)
      end

      def pending_task(task, context, reason: context.execution_status)
        return unless safe_transition_to(task, 'pending')

        publish_task_pending_transition(task, reason:)
      end

      private

      def told(steps, context)
        { processed_steps_count: steps.size, execution_status: context&.execution_status }
      end

      def context_of(task) = ContextManager.get_task_execution_context(task.task_id)

      # What becomes of a task.
      class FinalizationDecisionMaker
        class << self
          def make_finalization_decision(task, context, synchronous, finalizer)
            case context.execution_status
            when 'all_complete' then finalizer.complete_task(task, context)
            when 'blocked_by_failures' then finalizer.error_task(task, context)
            when 'waiting_for_dependencies', 'processing' then wait(task, context, synchronous, finalizer)
            end
          end

          private

          def wait(task, context, synchronous, finalizer)
            return finalizer.pending_task(task, context) if synchronous

            reason = ReasonDeterminer.determine_reenqueue_reason(context)
            delay = DelayCalculator.calculate_reenqueue_delay(context)
            TaskReenqueuer.new.reenqueue_task_delayed(task, delay_seconds: delay, reason:)
          end
        end
      end

      # What the finalizer decides from.
      class ContextManager
        def self.get_task_execution_context(task_id) = Functions::FunctionBasedTaskExecutionContext.find(task_id)
      end

      # Why a task is enqueued again.
      class ReasonDeterminer
        REASONS = { 'has_ready_steps' => 'ready_steps_available', 'processing' => 'steps_in_progress',
                    'waiting_for_dependencies' => 'awaiting_dependencies' }.freeze

        def self.determine_reenqueue_reason(context) = REASONS.fetch(context.execution_status, 'continuing_workflow')
      end

      # When a task is enqueued again: when its failed steps may be tried again, else
      # after the configured delay.
      class DelayCalculator
        class << self
          def calculate_reenqueue_delay(context)
            waiting = context.execution_status == 'waiting_for_dependencies' ? backoff_of_steps(context.task_id) : 0
            return waiting if waiting.positive?

            config.reenqueue_delays.fetch(context.execution_status.to_sym, config.default_reenqueue_delay)
          end

          private

          def config = Configuration.configuration.backoff

          def backoff_of_steps(task_id)
            steps = StepReadinessStatus.for_task(task_id).select do |step|
              step.current_state == 'error' && !step.ready_for_execution && step.next_retry_at
            end
            longest = steps.map { |step| [(step.next_retry_at - Time.current).to_i, 0].max }.max
            longest ? [longest + config.buffer_seconds, config.max_backoff_seconds].min : 0
          end
        end
      end
    end
  end
end

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
        publish_task_finalization_started(task, processed_steps_count: processed_steps.size)
        finalize_task(task.task_id, synchronous: true)
        publish_task_finalization_completed(task, processed_steps_count: processed_steps.size)
      end

      def finalize_task(task_id, synchronous: false)
        task = Task.find(task_id)
        context = context_of(task)
        case context.execution_status
        when 'all_complete' then complete_task(task, context)
        when 'blocked_by_failures' then error_task(task, context)
        when 'waiting_for_dependencies', 'processing' then wait(task, context, synchronous)
        end
      end

      def complete_task(task, context)
        ActiveRecord::Base.transaction do
          task.update!(complete: true)
          raise ActiveRecord::Rollback unless safe_transition_to(task, 'complete')
        end
        publish_task_completed(task, total_steps: context.total_steps)
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

      def context_of(task) = Functions::FunctionBasedTaskExecutionContext.find(task.task_id)

      def wait(task, context, synchronous)
        return pending_task(task, context) if synchronous

        delay = Configuration.configuration.backoff.reenqueue_delays.fetch(context.execution_status.to_sym)
        TaskReenqueuer.new.reenqueue_task_delayed(task, delay_seconds: delay, reason: context.execution_status)
      end
    end
  end
end

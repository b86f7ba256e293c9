# frozen_string_literal: true

module Tasker
  module Orchestration
    # Stands in for lib/tasker/orchestration/workflow_coordinator.rb.
    class WorkflowCoordinator
      include Concerns::EventPublisher

      attr_reader :reenqueuer_strategy

      def initialize(reenqueuer_strategy: TaskReenqueuer.new)
        @reenqueuer_strategy = reenqueuer_strategy
      end

      def execute_workflow(task, handler)
        with_correlation_id(correlation_id) do
          publish_workflow_task_started(task.task_id, correlation_id:)
          execute_workflow_with_monitoring(task, handler)
        end
      end

      private

      def execute_workflow_with_monitoring(task, handler)
        processed = []
        (0..).find { |turn| execute_workflow_iteration(task, handler, processed, turn) }
        finalize_task_with_logging(task, handler.get_sequence(task), processed, handler)
      end

      # Unlike the engine's loop, this one ends where a batch ran nothing.
      #
      # @return [Boolean] whether this was the last turn
      def execute_workflow_iteration(task, handler, processed, _turn)
        batch = run_batch(task, handler)
        processed.concat(batch)
        batch.empty? || handler.send(:task_finalizer).blocked_by_errors?(task, nil, batch)
      end

      def run_batch(task, handler)
        task.reload
        sequence = handler.get_sequence(task)
        viable = ViableStepDiscovery.new.find_viable_steps(task, sequence)
        if viable.empty?
          publish_no_viable_steps(task.task_id, reason: 'No steps ready for execution')
          return []
        end
        publish_viable_steps_discovered(task.task_id, viable.map(&:workflow_step_id), processing_mode: 'concurrent')
        handler.send(:step_executor).execute_steps(task, sequence, viable, handler)
      end

      def finalize_task_with_logging(task, sequence, processed, handler)
        publish_task_finalization_started(task, processed_steps_count: processed.size)
        handler.update_annotations(task, sequence, processed)
        handler.send(:task_finalizer).finalize_task_with_steps(task, sequence, processed)
        publish_task_finalization_completed(task, processed_steps_count: processed.size)
      end
    end
  end
end

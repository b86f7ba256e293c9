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
          processed = run_batches(task, handler)
          finalize(task, handler.get_sequence(task), processed, handler)
        end
      end

      private

      # Unlike the engine's loop, this one ends where a batch ran nothing.
      def run_batches(task, handler)
        processed = []
        loop do
          batch = run_batch(task, handler)
          processed.concat(batch)
          break if batch.empty? || handler.send(:task_finalizer).blocked_by_errors?(task, nil, batch)
        end
        processed
      end

      def run_batch(task, handler)
        task.reload
        sequence = handler.get_sequence(task)
        viable = ViableStepDiscovery.new.find_viable_steps(task, sequence)
        return [] if viable.empty?

        handler.send(:step_executor).execute_steps(task, sequence, viable, handler)
      end

      def finalize(task, sequence, processed, handler)
        publish_task_finalization_started(task, processed_steps_count: processed.size)
        handler.update_annotations(task, sequence, processed)
        handler.send(:task_finalizer).finalize_task_with_steps(task, sequence, processed)
        publish_task_finalization_completed(task, processed_steps_count: processed.size)
      end
    end
  end
end

# frozen_string_literal: true

module Tasker
  module Orchestration
    # Stands in for lib/tasker/orchestration/step_executor.rb.
    class StepExecutor
      include Concerns::EventPublisher
      include Concerns::IdempotentStateTransitions

      def execute_steps(task, sequence, viable_steps, handler)
        publish_steps_execution_started(task, step_count: viable_steps.size)
        processed = execute_steps_concurrently(task, sequence, viable_steps, handler).compact
        publish_steps_execution_completed(task, processed_count: processed.size, successful_count: processed.size)
        processed
      end

      # @return [WorkflowStep, nil] nil where the step did not succeed
      def execute_single_step(task, sequence, step, handler)
        return unless validate_step_preconditions_with_logging(step)
        return unless step.state_machine.current_state == 'pending'

        execute_step_workflow(task, sequence, step, handler)
      end

      def execution_config = Configuration.configuration.execution
      def max_concurrent_steps = execution_config.min_concurrent_steps

      private

      def execute_steps_concurrently(task, sequence, viable_steps, handler)
        viable_steps.each_slice(max_concurrent_steps).flat_map do |batch|
          batch.map { |step| start(task, sequence, step, handler) }.map(&:value!)
        end
      end

      def start(...)
        Concurrent::Future.execute do
          ActiveRecord::Base.connection_pool.with_connection { execute_single_step(...) }
        end
      end

      def calculate_batch_timeout(size)
        execution_config.calculate_batch_timeout(size)
      end

      def validate_step_preconditions_with_logging(step) = step.reload

      def execute_step_workflow(task, sequence, step, handler)
        publish_step_started(step)
        transition_step_to_in_progress!(step)
        execute_step_handler(task, sequence, step, handler)
        complete_step_execution(task, step)
      rescue StandardError => e
        store_step_error_data(step, e)
        complete_error_step_execution(task, step)
        nil
      end

      def transition_step_to_in_progress!(step)
        return true if safe_transition_to(step, 'in_progress')

        raise ProceduralError, "Cannot transition step #{step.workflow_step_id} to 'in_progress'"
      end

      def execute_step_handler(task, sequence, step, handler)
        handler.get_step_handler(step).handle(task, sequence, step)
      end

      def complete_step_execution(_task, step)
        count_attempt(step)
        finish(step, 'complete', processed: true, processed_at: Time.zone.now)
        publish_step_completed(step, attempt_number: step.attempts)
        step
      end

      def store_step_error_data(step, error)
        count_attempt(step)
        step.results = (step.results || {}).merge('error' => error.to_s, 'error_class' => error.class.name,
                                                  'backtrace' => error.backtrace.join("\n"))
      end

      def complete_error_step_execution(_task, step)
        finish(step, 'error', processed: false)
        publish_step_failed(step, error_message: step.results['error'], attempt_number: step.attempts)
      end

      def count_attempt(step)
        step.attempts = step.attempts.to_i + 1
        step.last_attempted_at = Time.zone.now
      end

      def finish(step, state, **columns)
        ActiveRecord::Base.transaction do
          step.update!(in_process: false, **columns)
          raise ActiveRecord::Rollback unless safe_transition_to(step, state)
        end
      end
    end
  end
end

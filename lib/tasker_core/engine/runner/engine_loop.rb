# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Continues a task with the engine's own loop after the core was lost.
      class EngineLoop
        # @param run [Run]
        def initialize(run)
          @run = run
          @task = run.task
        end

        # Runs the steps that can run, finalizes the task, and makes sure that an unfinished task is
        # run again.
        #
        # @param turn [Integer] the number of the next turn
        # @return [void]
        def call(turn)
          processed = @run.processed
          turn += 1 until retry_failed.nil? || @run.coordinator.iterate(@task, @run.handler, processed, turn)
          @run.coordinator.finish(@task, @run.handler, processed)
          Reenqueuer.new(@run).call
        end

        private

        # The engine finds failed steps whose backoff is over but executes only pending steps, so
        # these steps go back to pending first.
        #
        # @return [Boolean, nil] nil if the only ready steps are not to be retried; the engine's
        #   loop would never end on them
        def retry_failed
          ready = ::Tasker::StepReadinessStatus.for_task(@task.task_id).select(&:ready_for_execution)
          failed, pending = ready.partition { |step| step.current_state == 'error' }
          return failed.empty? || pending.any? || nil unless TaskerCore.configuration.retry_failed_steps

          failed.each do |status|
            step = ::Tasker::WorkflowStep.find(status.workflow_step_id)
            @run.executor.safe_transition_to(step, 'pending')
          end
          true
        end
      end
    end
  end
end

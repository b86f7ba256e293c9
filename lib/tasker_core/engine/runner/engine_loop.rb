# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Goes on with a task after the core was lost, by the engine's own loop.
      class EngineLoop
        # @param run [Run]
        def initialize(run)
          @run = run
          @task = run.task
        end

        # Runs what can run, finalizes the task, and sees to it that an unfinished one is taken
        # up again.
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

        # The engine finds failed steps whose waiting time is over, and executes pending
        # steps only: they go back to pending first.
        #
        # @return [Boolean, nil] nil where only steps are ready that are not to be retried,
        #   on which the engine's loop would turn for ever
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

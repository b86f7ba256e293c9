# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The engine's coordinator, with the run of a task in the core: the loop, the execution of its
      # steps and the finalization. Task handlers get it through workflow_coordinator_strategy. It
      # is decided for each run whether the core runs the task. The coordinator keeps no state of a
      # run, because handlers keep their coordinator and may run tasks inside of tasks.
      class WorkflowCoordinator < ::Tasker::Orchestration::WorkflowCoordinator
        # Prepended to the engine's TaskHandler::InstanceMethods.
        module Strategy
          private

          # A handler's own strategy is not replaced.
          def workflow_coordinator_strategy
            strategy = super
            strategy == ::Tasker::Orchestration::WorkflowCoordinator ? WorkflowCoordinator : strategy
          end
        end

        # Runs one turn of the engine's own loop.
        #
        # @return [Boolean] whether it was the last one
        def iterate(...) = execute_workflow_iteration(...)

        # Finishes a run as the engine does.
        #
        # @return [void]
        def finish(task, handler, processed)
          finalize_task_with_logging(task, handler.get_sequence(task), processed, handler)
        end

        private

        def execute_workflow_with_monitoring(task, handler)
          Tracing::Runs.task(task) do |span|
            run = Run.open(self, task, handler)
            next super unless run

            run.drive { Tracing::Runs.ended(span, run) }
          end
        end
      end
    end
  end
end

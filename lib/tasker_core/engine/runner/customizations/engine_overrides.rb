# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Tells whether the parts of the engine that a run replaces are the engine's own. If an
      # application has a subclass, a prepended module, a singleton method or a stub on one of them,
      # the engine's own code runs.
      module EngineOverrides
        # The methods that a run replaces, by class.
        METHODS = {
          'Tasker::Orchestration::WorkflowCoordinator' =>
            %i[execute_workflow_iteration find_viable_steps_with_monitoring handle_viable_steps_with_monitoring
               blocked_by_errors_with_monitoring? finalize_task_with_logging publish_task_finalization_completed],
          'Tasker::Orchestration::StepExecutor' =>
            %i[execute_steps execute_single_step execute_steps_concurrently max_concurrent_steps
               transition_step_to_in_progress! execute_step_handler complete_step_execution store_step_error_data
               complete_error_step_execution calculate_batch_timeout publish_execution_started_event
               publish_steps_execution_started publish_steps_execution_completed publish_step_started
               publish_step_completed publish_step_failed],
          'Tasker::Orchestration::TaskFinalizer' =>
            %i[blocked_by_errors? finalize_task_with_steps finalize_task complete_task publish_finalization_completed
               publish_task_finalization_completed safe_transition_to],
          'Tasker::Orchestration::TaskReenqueuer' => %i[reenqueue_task reenqueue_task_delayed],
          'Tasker::Orchestration::ViableStepDiscovery' => %i[find_viable_steps]
        }.freeze

        # The class methods that a run replaces, by class.
        CLASS_METHODS = {
          'Tasker::WorkflowStep' => %i[get_viable_steps],
          'Tasker::Orchestration::TaskFinalizer::FinalizationDecisionMaker' => %i[make_finalization_decision]
        }.freeze

        # The engine's modules whose methods count as those of its classes.
        CONCERNS = %w[Tasker::Concerns::EventPublisher Tasker::Concerns::IdempotentStateTransitions].freeze

        class << self
          # @param coordinator [WorkflowCoordinator]
          # @param handler [Object] the engine's task handler
          # @return [Boolean]
          def all?(coordinator, handler)
            return false unless handler.respond_to?(:step_executor, true) && handler.respond_to?(:task_finalizer, true)

            parts = [coordinator, handler.send(:step_executor), handler.send(:task_finalizer),
                     coordinator.reenqueuer_strategy, ::Tasker::Orchestration::ViableStepDiscovery.new]
            METHODS.zip(parts).all? { |(owner, names), part| own?(part, owner, names) } &&
              CLASS_METHODS.all? { |owner, names| own_class?(Object.const_get(owner), names) }
          end

          # @param handler [Object] the engine's task handler
          # @param hooks [Array<Symbol>]
          # @return [Boolean] whether the application overrides one of them
          def overridden?(handler, *hooks)
            hooks.any? do |hook|
              handler.respond_to?(hook) && reopened?(handler.method(hook), ::Tasker::TaskHandler::InstanceMethods)
            end
          end

          # @param method [Method]
          # @param engine [Module] the engine's class that has it
          # @return [Boolean] whether it is not the engine's own: another class or module has it, or
          #   the application reopened the engine's class. What this gem prepends does not count
          def reopened?(method, engine)
            method = method.super_method while method && method.owner.name.to_s.start_with?('TaskerCore::')
            return false unless method

            owned = method.owner == engine || CONCERNS.include?(method.owner.name)
            !owned || !ModelCustomizations.own?(method.source_location&.first)
          end

          private

          def own?(part, owner, names)
            engine = Object.const_get(owner)
            part.is_a?(engine) && names.all? do |name|
              !part.respond_to?(name, true) || !reopened?(part.method(name), engine)
            end
          end

          def own_class?(model, names)
            names.none? { |name| reopened?(model.method(name), model.singleton_class) }
          end
        end
      end
    end
  end
end

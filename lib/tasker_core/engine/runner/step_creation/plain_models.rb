# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      class StepCreation
        # Whether the models are as the engine defines them. Validations, callbacks, default scopes
        # and methods that an application (or a spec) has changed have to see each row, so the
        # engine's own code runs.
        module PlainModels
          MODELS = %w[WorkflowStep WorkflowStepEdge NamedStep DependentSystem NamedTasksNamedStep].freeze

          # The methods of the engine that bulk creation replaces.
          METHODS = { 'WorkflowStep' => %i[set_up_dependent_steps build_default_step!],
                      'NamedStep' => %i[create_named_steps_from_templates],
                      'NamedTasksNamedStep' => %i[associate_named_step_with_named_task] }.freeze

          CALLBACKS = %i[_validate_callbacks _validation_callbacks _save_callbacks _create_callbacks
                         _before_commit_callbacks _commit_callbacks _rollback_callbacks].freeze

          module_function

          # @return [Boolean]
          def all?
            MODELS.all? { |name| plain?(::Tasker.const_get(name)) } && methods?
          end

          def methods?
            METHODS.all? do |name, methods|
              methods.all? do |method|
                ModelCustomizations.own?(::Tasker.const_get(name).method(method).source_location&.first)
              end
            end
          end

          def plain?(model)
            model.default_scopes.empty? && model.current_scope.nil? && !ModelCustomizations.callbacks?(model, CALLBACKS)
          end
        end
      end
    end
  end
end

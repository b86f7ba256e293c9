# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The columns of a step that its handler, the executor or a backoff calculator
      # left dirty, serialized by Active Record's own types.
      module Columns
        module_function

        # @param step [Tasker::WorkflowStep]
        # @param host [HostConnection]
        # @param customized [Boolean] whether the row has to go through save!
        # @return [Hash{String => String, nil}] PostgreSQL text by column
        def of(step, host, customized:)
          if customized
            step.save!
            return {}
          end
          # updated_at is dirty after a rollback of the handler's; the statement sets it.
          (step.changed_attribute_names_to_save - ['updated_at']).to_h do |name|
            [name, host.text(step.class.type_for_attribute(name).serialize(step._read_attribute(name)))]
          end
        end
      end

      # Whether an application added validations or callbacks to WorkflowStep: then
      # its rows go through save!, as the engine's do.
      module Customized
        KINDS = %i[_validate_callbacks _save_callbacks _update_callbacks _commit_callbacks _rollback_callbacks
                   _validation_callbacks].freeze

        # The attributes that the engine's own validators are on.
        VALIDATED = %i[named_step_id task named_step].freeze

        module_function

        def step?
          model = ::Tasker::WorkflowStep
          KINDS.any? { |kind| model.public_send(kind).any? { |callback| foreign?(model, callback.filter) } }
        end

        def foreign?(model, filter)
          location = location_of(model, filter)
          !(location.nil? || location.start_with?(*own_places))
        end

        # Validators are objects; the engine's are of Active Record's own classes on
        # the attributes that it names.
        def location_of(model, filter)
          case filter
          when Symbol then model.instance_method(filter)
          when Proc then filter
          when ActiveModel::EachValidator then return ('application' if (filter.attributes - VALIDATED).any?)
          else filter.class.instance_method(:validate)
          end.source_location&.first
        end

        def own_places
          @own_places ||= [
            File.expand_path('../../..', Object.const_source_location('Tasker::WorkflowStep').first),
            File.dirname(Object.const_source_location('ActiveRecord::Base').first),
            File.dirname(Object.const_source_location('ActiveModel::Validations').first)
          ]
        end
      end
    end
  end
end

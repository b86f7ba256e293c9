# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The validations and callbacks that an application added to the engine's models. They have to
      # see each row, so such rows are saved through Active Record.
      module ModelCustomizations
        UPDATE = %i[_validate_callbacks _save_callbacks _update_callbacks _commit_callbacks _rollback_callbacks
                    _validation_callbacks].freeze

        # The methods that an application may have replaced.
        SAVING = %i[save save! update update! assign_attributes write_attribute _write_attribute create_or_update
                    _update_record].freeze

        # The attributes that the core writes past their writers.
        WRITERS = %i[complete= updated_at=].freeze

        # The attributes for which one of the engine's models has validators.
        VALIDATORS = {
          'PresenceValidator' => %i[task named_step from_step to_step name dependent_system named_task context
                                    requested_at],
          'UniquenessValidator' => %i[name named_step_id named_task_id]
        }.freeze

        module_function

        # @param model [Class]
        # @return [Boolean] whether its rows have to be updated through save!
        def update?(model)
          callbacks?(model, UPDATE) || model.locking_enabled? || !model.record_timestamps ||
            (SAVING + WRITERS).any? { |name| replaced?(model, name) }
        end

        def replaced?(model, name)
          method = model.instance_method(name) if model.method_defined?(name) || model.private_method_defined?(name)
          method && !own?(method.source_location&.first)
        end

        # @param model [Class]
        # @param kinds [Array<Symbol>] of callbacks
        # @return [Boolean]
        def callbacks?(model, kinds)
          kinds.any? { |kind| model.public_send(kind).any? { |callback| !engines?(model, callback.filter) } }
        end

        # Whether a callback is the engine's, or one that Active Record generates for it.
        def engines?(model, filter)
          case filter
          when Symbol then own?(model.instance_method(filter).source_location&.first)
          when Proc then own?(filter.source_location&.first) && !touches?(filter)
          when ActiveModel::EachValidator
            (filter.attributes - VALIDATORS.fetch(filter.class.name.demodulize, [])).empty?
          else false
          end
        end

        # The callbacks of `belongs_to ..., touch: true` and `counter_cache: true`.
        def touches?(filter) = filter.source_location&.first.to_s.end_with?('associations/builder/belongs_to.rb')

        # @param place [String, nil] a file; nil for code in C
        def own?(place) = place.nil? || place.start_with?(*own_places)

        def own_places
          @own_places ||= [
            File.expand_path('../../..', Object.const_source_location('Tasker::WorkflowStep').first),
            File.expand_path('../..', Object.const_source_location('Tasker::Orchestration::WorkflowCoordinator').first),
            File.dirname(Object.const_source_location('ActiveRecord::Base').first),
            File.dirname(Object.const_source_location('ActiveModel::Validations').first),
            *instrumentation
          ]
        end

        # OpenTelemetry's instrumentation of Active Record, which the engine's own Gemfile has. It
        # puts a span around a save and does not change it.
        def instrumentation
          return [] unless Object.const_defined?('OpenTelemetry::Instrumentation::ActiveRecord')

          file, = Object.const_source_location('OpenTelemetry::Instrumentation::ActiveRecord')
          file ? [File.join(file.delete_suffix('.rb'), '')] : []
        end
      end
    end
  end
end

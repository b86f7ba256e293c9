# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The columns of a step's row that are written when the step ends: all unsaved changes that
      # its handler, the executor or a backoff calculator left in its object.
      class StepChanges
        # The columns that the executor sets, and that the statement can set itself.
        STANDARD = %w[attempts last_attempted_at in_process processed processed_at].freeze

        # @return [Time] when the step ended
        attr_reader :now

        # @param step [Tasker::WorkflowStep]
        # @param now [Time] in whole microseconds
        # @param run [Run]
        # @param only [Array<String>, nil] the columns that are written, past the application's
        #   validations and callbacks; nil for all that changed
        def initialize(step, now, run, only: nil)
          @step = step
          @now = now
          @run = run
          @only = only
        end

        # @return [Boolean] whether Active Record has to save the step: the model is customized,
        #   or the handler built records that are saved with it
        def through_model?
          return false if @only
          return @through_model unless @through_model.nil?

          @through_model = @run.customized_steps? || builds_others?
        end

        # @param host [HostConnection]
        # @param standard [Boolean] whether the statement may count the attempt itself
        # @return [Hash{Symbol => Object}] the arguments columns and attempt of Session#finish
        # @raise [ActiveRecord::RecordInvalid] if the application's validations fail
        def arguments(host, standard:)
          if through_model?
            @step.save!
            return { columns: {}, attempt: false }
          end
          @written = true
          names = changed
          standard &&= standard_attempt?
          names -= STANDARD if standard
          { columns: texts(names, host), attempt: standard }
        end

        # Tells the object that its changes are in the database.
        #
        # @return [void]
        def saved
          return @step.reload if @only
          return unless @written

          @step.updated_at = @now
          @step.changes_applied
        end

        private

        def changed
          # The statement sets updated_at.
          names = (@step.changed_attribute_names_to_save & @step.class.column_names) - %w[updated_at]
          @only ? names & @only : names
        end

        def texts(names, host)
          names.to_h do |name|
            [name, host.text(@step.class.type_for_attribute(name).serialize(@step.read_attribute(name)))]
          end
        end

        # Whether the object has the values that the statement would write.
        def standard_attempt?
          processed = @step.processed
          @step.attempts == @step.attempts_in_database.to_i + 1 && @step.last_attempted_at == @now &&
            @step.in_process == false && (processed ? @step.processed_at == @now : !@step.processed_at_changed?)
        end

        # A record that was built beside the step is saved with it.
        def builds_others?
          @run.steps.associations.any? do |name|
            next unless @step.association_cached?(name)

            Array.wrap(@step.association(name).target).any?(&:new_record?)
          end
        end
      end
    end
  end
end

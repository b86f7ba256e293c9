# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # What a run writes for one step: the claim, the completion, the failure and
      # the way back to pending. Each is one statement in one transaction, with the
      # state machine's callbacks and events inside.
      class Outcome
        # Raised where the database did not allow what the run had to write.
        class Refused < StandardError; end

        # @param run [Run]
        # @param step [Tasker::WorkflowStep]
        def initialize(run, step)
          @run = run
          @step = step
          @id = step.workflow_step_id
        end

        # Claims the step for this run, just before its handler starts.
        #
        # @return [void]
        # @raise [Refused] if somebody else has it, or it may not run any more
        def claim
          raise Refused, "step #{@id} was given up by this run" if @run.given_up?(@id)

          changed = []
          write('in_progress') do |host|
            code, message, token, sort_key, changed = @run.ask('session_claim', arguments(host), host)
            @run.claimed(@id, token)
            Transition.new(@id, code, message, 'pending', 'in_progress', token, sort_key)
          end
          @run.picture.reload(changed)
        rescue Refused
          raise
        rescue StandardError
          # Whatever broke the claim (a subscriber's SQL error, say) may break it again:
          # it counts as a refusal, so that the loop ends.
          @run.refused(@id)
          @run.claimed(@id, 0)
          @run.taken_back(@step)
          raise
        end

        # Writes what the handler left in the step, and the state that follows.
        #
        # @param state [String] complete or error
        # @param only [Array<String>, nil] the columns to write, without the
        #   application's validations and callbacks; nil for all that changed
        # @return [void]
        # @raise [Refused] if the claim no longer holds; nothing is written
        def finish(state, only: nil)
          now = nil
          write(state) do |host|
            now = Time.current
            columns = Columns.of(@step, host, customized: only.nil? && @run.customized_steps?)
            columns = columns.slice(*only) if only
            code, message, row_id, sort_key =
              @run.ask('session_finish', arguments(host).merge('to' => state, 'metadata' => '{}', 'columns' => columns), host)
            Transition.new(@id, code, message, 'in_progress', state, row_id, sort_key)
          end
          @step.updated_at = now
          @step.send(:changes_applied)
        end

        # Moves a failed step back to pending. The audit row is the engine's; the
        # event is step.retry_requested.
        #
        # @return [Boolean] whether it can be claimed now
        def retry
          write('pending', from_state: 'error') do |host|
            Transition.new(*@run.ask('session_retry', arguments(host), host))
          end
          true
        rescue Refused
          false
        end

        private

        def arguments(host) = { 'session' => @run.session, 'step_id' => @id, 'now' => host.now }

        def write(state, from_state: nil, &)
          StateTransitions::Write.new(@step.state_machine, state, {}, from_state:, &)
                                 .call { raise Unavailable.new('the core failed while a task ran', code: 'unavailable') }
          @run.wrote(@id, state)
        rescue Statesman::TransitionFailedError, Statesman::GuardFailedError, Statesman::TransitionConflictError => e
          @run.refused(@id)
          raise Refused, e.message
        end
      end

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
          step.changed_attribute_names_to_save.to_h do |name|
            [name, host.text(step.class.type_for_attribute(name).serialize(step._read_attribute(name)))]
          end
        end
      end

      # Whether an application added validations or callbacks to WorkflowStep: then
      # its rows go through save!, as the engine's do.
      module Customized
        KINDS = %i[_validate_callbacks _save_callbacks _update_callbacks _commit_callbacks _rollback_callbacks
                   _validation_callbacks].freeze

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
          when Symbol then model.instance_method(filter).source_location&.first
          when Proc then filter.source_location&.first
          when ActiveModel::EachValidator then (filter.attributes - %i[named_step_id task named_step]).empty? ? nil : 'application'
          else filter.class.instance_method(:validate).source_location&.first
          end
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

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
          raise Refused, "step #{@id} was given up by this run" if @run.claims.given_up?(@id)

          changed = []
          write('in_progress') do |host, moment|
            code, message, token, sort_key, changed = @run.ask('session_claim', arguments(host, moment), host)
            @run.claims.keep(@id, token)
            Transition.new(@id, code, message, 'pending', 'in_progress', token, sort_key)
          end
          @run.picture.reload(changed, executed: @step)
        rescue Refused
          raise
        rescue StandardError
          # Whatever broke the claim (a subscriber's SQL error, say) may break it again:
          # it counts as a refusal, so that the loop ends.
          @run.claims.refused(@id)
          @run.claims.keep(@id, 0)
          @run.taken_back(@step)
          raise
        end

        # Writes what the handler left in the step, and the state that follows.
        #
        # @param state [String] complete or error
        # @param only [Array<String>, nil] the columns to write, without the
        #   application's validations and callbacks, and the step is to be read again;
        #   nil for all that changed
        # @return [void]
        # @raise [Refused] if the claim no longer holds; nothing is written
        def finish(state, only: nil)
          changes = task_version = now = nil
          write(state) do |host, moment|
            now = moment
            changes = unsaved(only)
            columns = changes.except('updated_at').transform_values { |value| host.text(value) }
            outcome = { 'to' => state, 'metadata' => '{}', 'columns' => columns }
            code, message, row_id, sort_key, task_version =
              @run.ask('session_finish', { **arguments(host, moment), **outcome }, host)
            Transition.new(@id, code, message, 'in_progress', state, row_id, sort_key)
          end
          saved(changes, now) unless only
          @run.shown_task.saw(task_version)
        end

        # Moves a failed step back to pending. The audit row is the engine's; the
        # event is step.retry_requested.
        #
        # @return [Boolean] whether it can be claimed now
        def retry
          write('pending', from_state: 'error') do |host, moment|
            Transition.new(*@run.ask('session_retry', arguments(host, moment), host))
          end
          true
        rescue Refused
          false
        end

        private

        def arguments(host, moment) = { 'session' => @run.session, 'step_id' => @id, 'now' => host.date(moment) }

        # What the handler, the executor or a backoff calculator left dirty. Where an
        # application added validations or callbacks, or the handler built records that
        # are saved with the step, Active Record saves the row.
        def unsaved(only)
          return Attributes.changes(@step, only:) if only
          return Attributes.changes(@step) unless @run.customized_steps? || Attributes.others?(@step)

          @step.save!
          {}
        end

        def saved(changes, now)
          @step.updated_at = now
          row = Attributes.saved(@step, changes.merge('updated_at' => now))
          Attributes.applied(@step, row)
          @run.picture.wrote(@step, row)
        end

        def write(state, from_state: nil, &)
          Tracing.span(Tracing::Runs::WRITES.fetch(state)) do
            StateTransitions::Write.new(@step.state_machine, state, {}, from_state:, &)
                                   .call { raise Unavailable.new('the core failed in a run', code: 'unavailable') }
          end
          @run.wrote(@id, state)
        rescue Statesman::TransitionFailedError, Statesman::GuardFailedError, Statesman::TransitionConflictError => e
          @run.claims.refused(@id)
          raise Refused, e.message
        end
      end
    end
  end
end

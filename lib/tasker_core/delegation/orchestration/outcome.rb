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
          @run.picture.reload(changed, executed: @step)
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
          now = task_version = nil
          write(state) do |host|
            now = Time.current
            columns = Columns.of(@step, host, customized: only.nil? && @run.customized_steps?)
            columns = columns.slice(*only) if only
            outcome = { 'to' => state, 'metadata' => '{}', 'columns' => columns }
            code, message, row_id, sort_key, task_version =
              @run.ask('session_finish', { **arguments(host), **outcome }, host)
            Transition.new(@id, code, message, 'in_progress', state, row_id, sort_key)
          end
          @step.updated_at = now
          @step.send(:changes_applied)
          @run.picture.executed(@step)
          @run.shown_task.saw(task_version)
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
          Tracing.span(Tracing::Runs::WRITES.fetch(state)) do
            StateTransitions::Write.new(@step.state_machine, state, {}, from_state:, &)
                                   .call { raise Unavailable.new('the core failed in a run', code: 'unavailable') }
          end
          @run.wrote(@id, state)
        rescue Statesman::TransitionFailedError, Statesman::GuardFailedError, Statesman::TransitionConflictError => e
          @run.refused(@id)
          raise Refused, e.message
        end
      end
    end
  end
end

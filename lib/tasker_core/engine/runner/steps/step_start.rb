# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The start of an execution: the claim, and the events and log lines of the engine's
      # StepExecutor for it.
      module StepStart
        private

        # Claims the step and publishes that. If the application takes part in the claim, it is notified
        # of the execution first, with the step's state at that time. Otherwise the claim itself
        # shows whether the step's row has changed.
        #
        # @return [Boolean] whether this run may execute the step
        def claim
          began = monotonic
          shared = writer.shared_claim? unless claimed?
          return skip.tap { @run.refused(@id) } if shared && !pending?

          take(shared)
          measure('step_state_transition', began, from_state: 'pending', to_state: 'in_progress')
          true
        rescue StepWriter::Refused => e
          refused(e, shared)
        rescue StandardError => e
          broken(e, shared)
          false
        end

        def take(shared)
          announce if shared
          writer.claim(shared:) unless claimed?
          announce unless shared
          writer.tell_claim
        end

        # @return [Boolean] whether the step can be claimed, by its current row
        def pending?
          @run.steps.reload(@step)
          @state = @step.status
          @state == 'pending'
        rescue ActiveRecord::RecordNotFound
          true
        end

        def refused(error, shared)
          @run.refused(@id)
          return skip unless shared || error.is_a?(StepWriter::NotClaimed) || pending?

          Rails.logger.info { "TaskerCore: step #{@id} is not executed: #{error.message}" }
          false
        end

        # The executor's log line for a step that another process has moved on.
        def skip
          looked
          Rails.logger.debug { "StepExecutor: Skipping step #{@id} - not pending (current: '#{@state}')" }
          false
        end

        def looked
          line_about(:execution_starting) do
            { task_id: @snapshot.task_id, step_status: @state, attempt_count: @step.attempts }
          end
          line_about(:validation_passed) { { step_status: @state, step_attempts: @step.attempts } }
          line_about(:readiness_check) do
            { current_state: @state, is_ready: @state == 'pending', expected_state: 'pending' }
          end
        end

        # The executor's event and log line before it moves a step to in_progress.
        def announce
          looked
          publish('step.execution_requested', :started) { executor.log_step_event(@step, :started) }
          line_about(:workflow_starting) do
            { task_id: @snapshot.task_id, step_status: @state, elapsed_time_ms: milliseconds(@began) }
          end
        end

        def broken(error, shared)
          return fail_with(error) if claimed?

          @run.refused(@id)
          announce unless shared
          TransientFailure.of(error) ? unclaimed(error) : fail_with(error)
        end

        # The engine fails a step if the application's own code breaks its claim. A claim that the
        # database could not execute leaves the step pending.
        def unclaimed(error)
          Rails.logger.error("TaskerCore: step #{@id} was not started: #{error.message}")
          @run.break_off(error) if DatabaseRetry.transaction_open?
        end
      end
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The writes of a run for one step: the claim, the completion, the failure and the return to
      # pending, each in one statement.
      #
      # If nothing has to share its transaction, the statement runs alone, and the state machine's
      # event is published after it. If the application listens to that event, or has changed the
      # machine or the model, the statement, the callbacks and the event share a
      # transaction(requires_new: true), as in the engine.
      class StepWriter
        # Raised when the database refuses a write of the run.
        class Refused < StandardError; end

        # Raised when the core was lost before a step was claimed. Nothing was written, and no
        # attempt is counted.
        class NotClaimed < Refused; end

        # The state machine's event and its type, by the step's new state.
        EVENTS = { 'in_progress' => ['step.execution_requested', :started],
                   'complete' => ['step.completed', :completed],
                   'error' => ['step.failed', :failed], 'pending' => ['step.retry_requested', :retry] }.freeze

        # @param execution [StepExecution]
        def initialize(execution)
          @execution = execution
          @run = execution.run
          @step = execution.step
          @id = execution.id
        end

        # @return [Boolean] whether the application, or the caller's transaction, takes part in the
        #   claim
        def shared_claim?
          SharedTransaction.needed?(StepWrite.new(@execution, 'in_progress'), ::Tasker::ApplicationRecord.connection,
                                    @run)
        end

        # Claims the step for this run just before its handler starts. #tell_claim announces it.
        #
        # @param shared [Boolean] see #shared_claim?
        # @return [void]
        # @raise [Refused] if another process has it, or if it may no longer run
        def claim(shared:)
          raise Refused, "step #{@id} was given up by this run" if @execution.given_up?
          raise NotClaimed, 'the core was lost' if @run.lost?

          debug_lines('pending', 'in_progress', shared:) if shared
          @claim = StepWrite.new(@execution, 'in_progress') do |session, times|
            session.claim(@id, **times, transaction: false)
          end
          @execution.claimed(carry_through(@claim))
        end

        # Announces that the step is claimed, also if another step's completion claimed it.
        #
        # @return [void]
        def tell_claim
          debug_lines('pending', 'in_progress')
          @execution.state = 'in_progress'
          announce('in_progress') unless @claim&.announced?
        end

        # Writes the outcome of a claimed step.
        #
        # @param state [String] complete or error
        # @param changes [StepChanges] the columns to write
        # @param claim [Integer, nil] a step to claim with it
        # @return [Session::Outcome]
        # @raise [Refused] if the claim no longer holds; nothing is written
        def finish(state, changes, claim: nil)
          return EngineWriter.new(@execution).fail_pending unless @execution.claimed?

          write = StepWrite.new(@execution, state, changes:, claim:) do |session, times, columns|
            debug_lines('in_progress', state, shared: write.shared?)
            session.finish(@id, state, **columns, **times, transaction: false)
          end
          perform(write).tap { changes.saved }
        end

        # Moves a failed step back to pending. The audit row is the engine's, and the event is
        # step.retry_requested.
        #
        # @return [Boolean] whether it can be claimed now
        def retry
          perform(StepWrite.new(@execution, 'pending', from_state: 'error') do |session, times|
            session.retry(@id, **times, transaction: false)
          end)
          true
        rescue Refused
          false
        end

        private

        def perform(write)
          answer = carry_through(write)
          @execution.state = write.state
          announce(write.state, write.from_state) unless write.announced?
          answer
        end

        def carry_through(write)
          answer = Tracing.span(Tracing::Runs::WRITES.fetch(write.state)) { write.call }
          @run.wrote(@id, write.state)
          answer
        end

        # Publishes the state machine's event as its after_transition callback does. The write stays
        # valid even if publishing fails.
        def announce(state, from_state = nil)
          event, type = EVENTS.fetch(state)
          context = { task_id: @run.snapshot.task_id, step_id: @id, step_name: @execution.name, from_state:,
                      to_state: state, transitioned_at: Time.zone.now }
          @execution.publish(event, type, context)
        rescue StandardError => e
          Rails.logger.error { "Error publishing event #{event}: #{e.message}" }
        end

        # The lines of safe_transition_to and, if the machine's callbacks do not run, of those; once
        # for each transition, however many attempts it takes.
        def debug_lines(from, to, shared: false)
          return unless @run.levels.debug? && @told != to

          @told = to

          Rails.logger.debug do
            "#{@run.executor.class.name}: Transitioning #{@step.class.name} #{@id} from #{from} to #{to}"
          end
          Rails.logger.debug { "Step #{@id} transitioning from #{from} to #{to}" } unless shared
        end
      end
    end
  end
end

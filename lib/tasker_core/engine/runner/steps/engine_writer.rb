# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Writes a step's outcome after the core was lost, with the engine's save and transition. It
      # locks and checks the row of the claim first: a step that was reset and taken by another
      # process is not overwritten, and a statement of the core whose answer was lost is not written
      # twice.
      class EngineWriter
        # @param execution [StepExecution]
        def initialize(execution)
          @execution = execution
          @step = execution.step
        end

        # @param write [StepWrite] a write without an answer from the core
        # @param sent [Boolean] whether its statement may have reached the database
        # @return [Session::Claim, Session::Outcome]
        # @raise [StepWriter::Refused]
        def settle(write, sent:)
          return finish(write, sent:) if write.changes

          claimed_by(write.now) || raise(StepWriter::NotClaimed, 'the core was lost')
        end

        # @param write [StepWrite] a completion or a failure
        # @param sent [Boolean] see #settle
        # @return [Session::Outcome]
        # @raise [StepWriter::Refused] if the claim no longer holds
        def finish(write, sent: false)
          row = ::Tasker::WorkflowStepTransition.transaction(requires_new: true) { save(write, sent) }
          write.announced_by_engine
          Session::Outcome.new('allowed', '', row.id, row.sort_key, nil, claim_beside(write, row, sent))
        end

        # Fails a step that was never claimed, as the engine does if the application's own code
        # breaks the claim.
        #
        # @return [Session::Outcome]
        # @raise [StepWriter::Refused] if the step is no longer pending
        def fail_pending
          row = ::Tasker::WorkflowStepTransition.transaction(requires_new: true) do
            raise StepWriter::Refused, "step #{@execution.id} is not pending" unless @step.status == 'pending'

            @step.save!
            @step.state_machine.transition_to!('error')
            most_recent(@execution.id).first
          end
          @execution.run.wrote(@execution.id, 'error')
          Session::Outcome.new('allowed', '', row.id, row.sort_key)
        end

        private

        def save(write, sent)
          row = most_recent(@execution.id).lock.first
          return row if sent && written?(row, write)
          raise StepWriter::Refused, late(row) unless row&.id == @execution.token

          @step.save!
          @step.state_machine.transition_to!(write.state)
          most_recent(@execution.id).first
        end

        def written?(row, write) = row && row.to_state == write.state && row.created_at == write.now

        def late(row)
          "this run no longer holds step #{@execution.id}: it is #{row&.to_state || 'gone'}"
        end

        # A claim may hold although its answer was lost.
        def claimed_by(now)
          row = most_recent(@execution.id).first
          return unless row&.to_state == 'in_progress' && row.created_at == now

          Session::Claim.new('allowed', '', row.id, [@execution.id], 0)
        end

        def claim_beside(write, row, sent)
          return unless sent && write.claim

          claimed = most_recent(write.claim).find_by(to_state: 'in_progress', created_at: row.created_at)
          Session::Claim.new('allowed', '', claimed.id, [write.claim], 0) if claimed
        end

        def most_recent(step_id)
          ::Tasker::WorkflowStepTransition.where(workflow_step_id: step_id, most_recent: true)
        end
      end
    end
  end
end

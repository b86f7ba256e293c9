# frozen_string_literal: true

require_relative '../generated/tuples'

module TaskerCore
  # The result of a requested state transition.
  #
  # @!attribute [r] id
  #   @return [Integer] the id of the task or step
  # @!attribute [r] code
  #   @return [String] "allowed" (it was written), "guard_failed", "transition_failed" (the current
  #     state has no such transition), "invalid_state" (the state does not exist) or "conflict"
  #     (another process was first)
  # @!attribute [r] message
  #   @return [String] the reason for a refusal, as the engine's state machines word it
  # @!attribute [r] from
  #   @return [String, nil] the state before
  # @!attribute [r] to
  #   @return [String] the requested state
  # @!attribute [r] transition_id
  #   @return [Integer] the id of the audit row; 0 if none was written
  # @!attribute [r] sort_key
  #   @return [Integer] the sort_key of the audit row
  # @!attribute [r] event
  #   @return [String] the lifecycle event of this transition
  Transition = Struct.new(*Tuples::TRANSITION_REPLY) do
    # @return [Boolean] whether the audit row was written
    def written? = code == 'allowed'

    # @return [self]
    # @raise [TransitionError] if the transition was not written
    def raise_unless_written
      return self if written?

      raise (code == 'conflict' ? ConflictError : TransitionError)
        .new(message, code:, retryable: code == 'conflict', details: { 'id' => id, 'from' => from, 'to' => to })
    end
  end
end

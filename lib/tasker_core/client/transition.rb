# frozen_string_literal: true

require_relative '../generated/tuples'

module TaskerCore
  # The result of a state transition that was asked for.
  #
  # @!attribute [r] id
  #   @return [Integer] the task's or step's
  # @!attribute [r] code
  #   @return [String] allowed (it was written), guard_failed, transition_failed (not a
  #     successor of the current state), invalid_state (no such state) or conflict
  #     (another process was first)
  # @!attribute [r] message
  #   @return [String] why not, as the engine's own machines word it
  # @!attribute [r] from
  #   @return [String, nil] the state it had
  # @!attribute [r] to
  #   @return [String] the state it was to have
  # @!attribute [r] transition_id
  #   @return [Integer] id of the audit row, 0 where none was written
  # @!attribute [r] sort_key
  #   @return [Integer] of the audit row
  # @!attribute [r] event
  #   @return [String] the lifecycle event that belongs to it
  Transition = Struct.new(*Tuples::TRANSITION_REPLY) do
    # @return [Boolean] whether the audit row was written
    def written? = code == 'allowed'

    # @return [self]
    # @raise [TransitionError]
    def raise_unless_written
      return self if written?

      raise (code == 'conflict' ? ConflictError : TransitionError)
        .new(message, code:, retryable: code == 'conflict', details: { 'id' => id, 'from' => from, 'to' => to })
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # What became of a run's claims, by step. Asked and written by the thread that
      # drives the loop and by those that execute steps.
      class Claims
        # How often a step may be refused before its run leaves it alone.
        MOST_REFUSALS = 2

        def initialize
          @mutex = Mutex.new
          @refusals = Hash.new(0)
          @tokens = {}
          @given_up = Set.new
        end

        # Keeps the token by which a claimed step can be finished.
        def keep(step_id, token)
          @mutex.synchronize { @tokens[step_id] = token }
        end

        # @return [Integer] 0 for a step that was not claimed
        def token(step_id) = @mutex.synchronize { @tokens[step_id] } || 0

        # @return [Boolean] whether the step was claimed, now or before
        def any?(step_id) = token(step_id).positive?

        # Notes that the database refused what the picture promised.
        def refused(step_id)
          @mutex.synchronize { @refusals[step_id] += 1 }
        end

        # Gives a step up: a handler that comes back later is refused.
        def give_up(step_id)
          @mutex.synchronize { @given_up << step_id }
        end

        # @return [Boolean]
        def given_up?(step_id) = @mutex.synchronize { @given_up.include?(step_id) }

        # @return [Boolean] whether another claim would be useless
        def hopeless?(step_id)
          @mutex.synchronize { @refusals[step_id] >= MOST_REFUSALS || @given_up.include?(step_id) }
        end
      end
    end
  end
end

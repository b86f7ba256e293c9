# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The sequence of steps that handlers get from a run: the engine's, built on first use, or the
      # application's own.
      module RunSequence
        # @return [Tasker::Types::StepSequence] the sequence of this turn
        attr_reader :sequence

        # Takes the sequence with which the task is finalized. A handler's own sequence may change
        # the task.
        #
        # @return [void]
        def renew_sequence
          return @sequence = StepSequence.lazy { @steps.sequence_steps } unless @own_sequence

          @sequence = @handler.get_sequence(@task)
          moved
        end

        # @return [Integer] the number of steps in the sequence
        def sequence_length = @own_sequence ? @sequence.steps.size : @steps.size

        # Reads the steps for the sequence of this turn. Its handlers run concurrently, and none of
        # them sees the changes of another.
        #
        # @return [void]
        def hold_sequence
          return if @own_sequence

          rows = @steps.rows
          @sequence = StepSequence.lazy { @steps.sequence_steps(rows) }
        end

        private

        # Takes the sequence at the start of a turn.
        def take_sequence
          @sequence = @own_sequence ? handlers_sequence : StepSequence.lazy { @steps.sequence_steps }
        end

        # The application's own sequence, which may add steps and edges.
        def handlers_sequence
          sequence = @handler.get_sequence(@task)
          refresh
          read_steps
          @runnable &= sequence.steps.to_set(&:workflow_step_id)
          sequence
        end
      end
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The sequence of steps that handlers get from a run: the engine's, made when a handler
      # looks, or the application's own.
      module RunSequence
        # @return [Tasker::Types::StepSequence] of this turn
        attr_reader :sequence

        # The sequence that the task is finalized with. A handler's own may change the task.
        #
        # @return [void]
        def renew_sequence
          return @sequence = StepSequence.lazy { @steps.sequence_steps } unless @own_sequence

          @sequence = @handler.get_sequence(@task)
          moved
        end

        # @return [Integer] how many steps the sequence has
        def sequence_length = @own_sequence ? @sequence.steps.size : @steps.size

        # Reads the steps for the sequence of this turn, whose handlers run side by side: none
        # of them sees what another has done.
        #
        # @return [void]
        def hold_sequence
          return if @own_sequence

          rows = @steps.rows
          @sequence = StepSequence.lazy { @steps.sequence_steps(rows) }
        end

        private

        # The sequence that a turn begins with.
        def take_sequence
          @sequence = @own_sequence ? handlers_sequence : StepSequence.lazy { @steps.sequence_steps }
        end

        # The application's own sequence. It may add steps and edges.
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

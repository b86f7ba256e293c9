# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Prepended to StepSequence: notes which of its steps a handler got, so that only
      # those are looked at on the next turn.
      module LentSteps
        # The instance variable with the run's picture, on sequences of a run.
        PICTURE = :@tasker_core_picture

        FINDING = :tasker_core_finds_a_step
        private_constant :FINDING

        def self.on_class? = false

        # @return [Array<Tasker::WorkflowStep>]
        def steps
          super.tap { |steps| @tasker_core_picture.lend(steps) if lending? }
        end

        # The engine looks at names only until it has found the step.
        #
        # @param name [String]
        # @return [Tasker::WorkflowStep, nil]
        def find_step_by_name(name)
          return super unless lending?

          begin
            Thread.current[FINDING] = true
            found = super
          ensure
            Thread.current[FINDING] = nil
          end
          @tasker_core_picture.lend([found].compact)
          found
        end

        private

        # What the engine's loop does with a sequence changes nothing of it.
        def lending? = @tasker_core_picture && !Run.driving && !Thread.current[FINDING]
      end
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The states that a run knows without asking. They are believed only while the
      # engine's own code works on objects of the run (its loop, its log lines);
      # a handler, a subscriber or anybody else who asks gets the database's answer.
      module KnownState
        KEY = :tasker_core_trusts_its_run
        private_constant :KEY

        class << self
          # Believes the run inside the block.
          def trust(&) = set(true, &)

          # Asks the database inside the block.
          def distrust(&) = set(false, &)

          # @param object [Tasker::Task, Tasker::WorkflowStep]
          # @return [String, nil] the state, nil where it has to be read
          def of(object)
            Thread.current[KEY] ? Run.of(object)&.state_of(object) : nil
          end

          private

          def set(value)
            before = Thread.current[KEY]
            Thread.current[KEY] = value
            yield
          ensure
            Thread.current[KEY] = before
          end
        end

        # Prepended to the engine's machines.
        module Machine
          def self.on_class? = false

          # @return [String]
          def current_state = KnownState.of(object) || super
        end
      end
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The loss of the core in the middle of a run: the library is gone or was poisoned, the
      # session was closed by a change of settings. It costs speed, never work: handlers that
      # run end first, what they did is written the engine's way, and the engine's own loop
      # goes on.
      module CoreLoss
        # Raised where the core failed; its cause is the core's error.
        class Fault < StandardError; end

        # What tells that the core cannot go on with a session.
        ERRORS = [*Core::FAULTS, InvalidArgument].freeze

        class << self
          # @yieldreturn [Object] an answer of the core
          # @return [Object]
          # @raise [Fault]
          def noticed
            yield
          rescue *ERRORS
            raise Fault
          end

          # Says it once.
          #
          # @param task [Tasker::Task]
          # @param error [Exception]
          # @return [void]
          def report(task, error)
            Failover.note(CAPABILITY, "the run of task #{task.task_id}", error)
          end
        end
      end
    end
  end
end

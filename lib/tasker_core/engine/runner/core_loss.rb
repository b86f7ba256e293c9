# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The loss of the core in the middle of a run: the library failed, or a change of settings
      # closed the session. It costs speed but no work. Running handlers end first, their results
      # are written as the engine writes them, and the engine's own loop continues.
      module CoreLoss
        # Raised when the core has failed; its cause is the core's error.
        class Fault < StandardError; end

        # The errors after which the core cannot continue a session.
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

          # Reports the loss once.
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

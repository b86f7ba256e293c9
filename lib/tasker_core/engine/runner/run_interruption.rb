# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The reasons for which a run ends early or is handed to the engine: a lost core, or an error
      # that it cannot continue after.
      module RunInterruption
        # @return [Exception, nil] the error with which the run ends
        attr_reader :broken

        # Records that the core is lost. Running steps end, and the engine continues.
        #
        # @param error [Exception]
        def lost(error)
          CoreLoss.report(@task, error) if @mutex.synchronize { @lost ? false : @lost = true }
        end

        # @return [Boolean]
        def lost? = @lost ? true : false

        # Records the error with which the run ends once the claimed steps have run: an error in the
        # caller's transaction, or one after which a worker could not continue.
        #
        # @param error [Exception]
        def break_off(error)
          @broken = [@broken, error].compact.first
        end
      end
    end
  end
end

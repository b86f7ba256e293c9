# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # What ends a run early, or hands it to the engine: a lost core, an error that it has to stop
      # with.
      module RunInterruption
        # @return [Exception, nil] what the run ends with
        attr_reader :broken

        # Notes that the core is lost. What is under way ends, and the engine goes on.
        #
        # @param error [Exception]
        def lost(error)
          CoreLoss.report(@task, error) if @mutex.synchronize { @lost ? false : @lost = true }
        end

        # @return [Boolean]
        def lost? = @lost ? true : false

        # Notes what the run ends with, once the steps that are claimed have run: what a
        # transaction of the caller's met, or what a worker could not go on after.
        #
        # @param error [Exception]
        def break_off(error)
          @broken = [@broken, error].compact.first
        end
      end
    end
  end
end

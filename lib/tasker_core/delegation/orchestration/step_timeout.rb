# frozen_string_literal: true

require 'timeout'

module TaskerCore
  module Delegation
    module Orchestration
      # Records that a step's time ran out: it is failed as one that may be retried. Its handler
      # may still run, on an object of its own; its result is refused.
      class StepTimeout
        # @param run [Run]
        # @param late [StepExecution] which was given up
        def initialize(run, late)
          @run = run
          @late = late
        end

        # @return [void]
        def call
          return unless @late.claimed?

          execution = StepExecution.new(@run, @late.id)
          execution.token = @late.token
          execution.state = 'in_progress'
          Current.with(@run.facts, execution) do
            StepFailure.new(execution, StepWriter.new(execution), quiet: true).call(error(execution),
                                                                                    ErrorFacts.of(error(execution)))
          end
        end

        private

        def error(execution)
          @error ||= Timeout::Error.new(
            "Step #{execution.name} (#{execution.id}) did not end within the batch timeout; its result will be " \
            'refused. Raise execution.batch_timeout_* or make the step shorter.'
          ).tap { |error| error.set_backtrace([]) }
        end
      end
    end
  end
end

# frozen_string_literal: true

require 'timeout'

module TaskerCore
  module Engine
    module Runner
      # Records the failure of a step whose handler does not end: its time ran out, its thread was
      # killed, or the process ends. It may be retried. A handler that still runs works on its own
      # object, and its result is refused.
      class AbandonedStep
        # The error of a step whose handler's thread was killed.
        class HandlerKilled < StandardError; end

        # The error of a step whose process ended before its handler.
        class ProcessEnded < StandardError; end

        # @param run [Run]
        # @param execution [StepExecution]
        def initialize(run, execution)
          @run = run
          @given_up = execution
        end

        # @return [void]
        def time_out
          record(Timeout::Error.new("#{subject} did not end within the batch timeout; its result will be refused. " \
                                    'Raise execution.batch_timeout_* or make the step shorter.'))
        end

        # @return [void]
        def killed = record(HandlerKilled.new("the thread of #{subject} was killed in its handler"))

        # @return [void]
        def process_ended = record(ProcessEnded.new("the process ended while the handler of #{subject} ran"))

        private

        def subject = "step #{@given_up.name} (#{@given_up.id})"

        def record(error)
          write(error.tap { error.set_backtrace([]) }) if @given_up.claimed?
        rescue ActiveRecord::ActiveRecordError => e
          Rails.logger.error("TaskerCore: #{error.message}; recording this failed: #{e.message}")
        ensure
          @run.connections.release
        end

        def write(error)
          execution = StepExecution.new(@run, @given_up.id)
          execution.token = @given_up.token
          execution.state = 'in_progress'
          CurrentWork.with(@run.snapshot, execution) do
            StepFailure.new(execution, StepWriter.new(execution), quiet: true).call(error, ErrorText.of(error))
          end
        end
      end
    end
  end
end

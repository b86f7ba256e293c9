# frozen_string_literal: true

require 'timeout'

module TaskerCore
  module Engine
    module Runner
      # Fails the steps whose process shuts down while their handlers run: after a signal, an exit,
      # or the end of a queue worker's grace period. Their handlers end with the process, so each of
      # these steps is written as failed and may be retried. If the process is killed, nothing can
      # be written; TaskerCore.reset_stuck finds those steps.
      module ProcessShutdown
        # How long the end of the process waits for these writes, in seconds.
        LONGEST = 5

        class << self
          # @param queue [StepQueue] watched as long as a worker or a run holds it
          # @return [void]
          def watch(queue)
            start unless @pid == Process.pid
            @queues[queue] = true
          end

          private

          # A forked child has none of its parent's steps.
          def start
            @queues = ObjectSpace::WeakMap.new
            @pid = pid = Process.pid
            at_exit { write if pid == Process.pid }
          end

          def write
            Timeout.timeout(LONGEST) { @queues.each_key(&:process_ends) }
          rescue StandardError => e
            Rails.logger.error("TaskerCore: the process ends, and its steps could not be written: #{e.message}")
          end
        end
      end
    end
  end
end

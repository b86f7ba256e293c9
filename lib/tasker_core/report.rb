# frozen_string_literal: true

module TaskerCore
  # A message for the people who operate the application.
  #
  # @!attribute [r] kind
  #   @return [Symbol] :failover (the core failed and the engine's own code continued), :difference
  #     (shadow mode: the core and the engine answered differently), :unknown_function (a function
  #     of the database is not the engine's), :subscriber_failed (a subscriber's block raised an
  #     error), :delivery_failed (a subscription receives no events), :late_result (a step's result
  #     was refused, because the step timed out or was changed by another process),
  #     :unwritten_result (the database refused a result for so long that the step stays
  #     in_progress), :spans_lost (the core did not take them), :not_enqueued (no job continues an
  #     unfinished task), :task_held (no event can change a task's state), :no_handler (a task was
  #     created for Rails without a handler there), :event_not_forwarded (an event did not reach
  #     subscribers or other processes), :not_closed (the garbage collector closed a client or a
  #     session) or :step_stays_claimed (an unreadable step could not be failed). docs/DEPLOYMENT.md
  #     says how to respond to each.
  # @!attribute [r] capability
  #   @return [Symbol] the switch that it belongs to
  # @!attribute [r] operation
  #   @return [String] the engine's method, as Class.method
  # @!attribute [r] message
  #   @return [String] the event, and how to respond
  # @!attribute [r] details
  #   @return [Hash{Symbol => Object}] :arguments, :difference and :error, as far as there are any
  Report = Data.define(:kind, :capability, :operation, :message, :details) do
    def to_s = message
  end

  # Passes reports to the configured on_report, or to the log.
  module Reporting
    # The maximum number of remembered reports. Beyond it, the oldest is forgotten, and passed on
    # again if it recurs.
    MOST_SAID = 1000
    private_constant :MOST_SAID

    @counts = Hash.new(0)
    @said = {}
    @mutex = Mutex.new

    class << self
      # Counts a report and passes it on.
      #
      # @api private
      #
      # @param report [Report]
      # @param once [Object, nil] reports of the same kind and capability with an equal value are
      #   passed on once in this process, and counted each time
      # @return [void]
      def report(report, once: nil)
        Notifications.report(report)
        return unless count(report, once)

        receiver = TaskerCore.configuration.on_report
        receiver ? receiver.call(report) : log(report)
      rescue StandardError => e
        # An exception of on_report must not reach the reported call.
        warn("tasker_core: on_report raised #{e.class}: #{e.message}; the report was: #{report.message}")
      end

      # @return [Hash{Array(Symbol, Symbol) => Integer}] the number of reports by capability and
      #   kind
      def counts = @mutex.synchronize { @counts.dup }

      # Clears the counts and the remembered reports.
      #
      # @return [void]
      def reset
        @mutex.synchronize do
          @counts.clear
          @said.clear
        end
      end

      private

      def count(report, once)
        @mutex.synchronize do
          @counts[[report.capability, report.kind]] += 1
          next true unless once

          # Messages differ by task and step and may be long, so only their hash is kept.
          key = [Process.pid, report.capability, report.kind, once].hash
          next false if @said[key]

          @said.shift if @said.size >= MOST_SAID
          @said[key] = true
        end
      end

      def log(report)
        logger = defined?(Rails) && Rails.respond_to?(:logger) && Rails.logger
        text = "tasker_core: #{report.message}"
        logger ? logger.error(text) : warn(text)
      end
    end
  end
end

# frozen_string_literal: true

module TaskerCore
  # Something that the people who run the application should know.
  #
  # @!attribute [r] kind
  #   @return [Symbol] :failover (the core failed, the engine's own code went on),
  #     :difference (shadow mode: core and engine answered differently),
  #     :unknown_function (a function of the database is not the engine's),
  #     :subscriber_failed (a block that gets events raised), :delivery_failed (a
  #     subscription gets no events),
  #     :late_result (a step's result was refused: it timed out, or was changed by
  #     others), :unwritten_result (the database could not take it for so long that the
  #     step stays in_progress), :spans_lost (the core did not take them), :not_enqueued (an
  #     unfinished task that no job takes up again), :task_held (nothing can change for a
  #     task any more), :no_handler (a task that was made for Rails and has no handler
  #     there), :event_not_forwarded (an event did not reach subscribers or other
  #     processes), :not_closed (the garbage collector closed a client or a session) or
  #     :step_stays_claimed (a step that cannot be read could not be failed).
  #     docs/DEPLOYMENT.md says what to do about each
  # @!attribute [r] capability
  #   @return [Symbol] the switch that it belongs to
  # @!attribute [r] operation
  #   @return [String] the engine's method, as Class.method
  # @!attribute [r] message
  #   @return [String] what happened and what to do
  # @!attribute [r] details
  #   @return [Hash{Symbol => Object}] :arguments, :difference, :error where there is one
  Report = Data.define(:kind, :capability, :operation, :message, :details) do
    def to_s = message
  end

  # Where reports go: to the configured on_report, else to the log.
  module Reporting
    # How many happenings are remembered as said; the one that was said first is then
    # forgotten, and said again when it happens again.
    MOST_SAID = 1000
    private_constant :MOST_SAID

    @counts = Hash.new(0)
    @said = {}
    @mutex = Mutex.new

    class << self
      # Counts a happening and passes it on.
      #
      # @param report [Report]
      # @param once [Object, nil] reports of one kind and capability with an equal
      #   value are passed on once in this process, and counted each time
      # @return [void]
      def report(report, once: nil)
        Notifications.report(report)
        return unless count(report, once)

        receiver = TaskerCore.configuration.on_report
        receiver ? receiver.call(report) : log(report)
      rescue StandardError => e
        # What on_report raises must not reach the call that was reported about.
        warn("tasker_core: on_report raised #{e.class}: #{e.message}; the report was: #{report.message}")
      end

      # @return [Hash{Array(Symbol, Symbol) => Integer}] how often each kind of
      #   report came up, by capability and kind
      def counts = @mutex.synchronize { @counts.dup }

      # Forgets counts and what was said already.
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

          # Messages differ by task and step, and may be long: their hash is kept.
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

# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The levels at which the engine's log lines are written now. They are read once a turn,
      # because about thirty lines per step use them.
      class LogLevels
        # @param source [Tasker::Concerns::StructuredLogging] keeps its setting for its lifetime
        def initialize(source)
          @wants_debug = source.send(:should_log?, :debug)
          @wants_info = source.send(:should_log?, :info)
          @slow = ::Tasker::Configuration.configuration.telemetry.slow_query_threshold_seconds
          renew
        end

        # Reads the levels again, because the logger's level may have changed. A logger that takes
        # no :info takes no :debug.
        #
        # @return [void]
        def renew
          takes_info = StructuredLogging.logger_takes?(:info)
          @info = @wants_info && takes_info
          @debug = @wants_debug && takes_info && StructuredLogging.logger_takes?(:debug)
        end

        # @return [Boolean]
        def debug? = @debug

        # @return [Boolean]
        def info? = @info

        # @param seconds [Float]
        # @return [Boolean] whether a measurement of this duration is logged; a slow one is a
        #   warning
        def measured?(seconds) = @debug || seconds > @slow
      end
    end
  end
end

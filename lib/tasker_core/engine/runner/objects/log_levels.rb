# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The levels at which the engine's log lines would be written now. They are read once a turn,
      # since about thirty lines a step ask for them.
      class LogLevels
        # @param source [Tasker::Concerns::StructuredLogging] which keeps its setting for its life
        def initialize(source)
          @wants_debug = source.send(:should_log?, :debug)
          @wants_info = source.send(:should_log?, :info)
          @slow = ::Tasker::Configuration.configuration.telemetry.slow_query_threshold_seconds
          renew
        end

        # Looks again: the logger's level may have changed.
        #
        # @return [void]
        def renew
          @debug = @wants_debug && StructuredLogging.logger_takes?(:debug)
          @info = @wants_info && StructuredLogging.logger_takes?(:info)
        end

        # @return [Boolean]
        def debug? = @debug

        # @return [Boolean]
        def info? = @info

        # @param seconds [Float]
        # @return [Boolean] whether a measurement of so long is a line: a slow one warns
        def measured?(seconds) = @debug || seconds > @slow
      end
    end
  end
end

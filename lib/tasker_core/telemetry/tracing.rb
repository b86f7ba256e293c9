# frozen_string_literal: true

require_relative 'tracing/naming'
require_relative 'tracing/span'
require_relative 'tracing/trace'
require_relative 'tracing/bridge'
require_relative 'tracing/runs'
require_relative 'tracing/job'

module TaskerCore
  # Spans of the runs in this process. Ruby runs the handlers and the statements, so Ruby measures
  # them. A span is a few values until its trace passes many of them to the core in one call; the
  # core sends them over OTLP.
  #
  # When tracing is off, or the sampler did not choose the run, there is no current span, and each
  # method costs one thread-local read.
  module Tracing
    CURRENT = :tasker_core_span
    PARENT = :tasker_core_traceparent
    private_constant :CURRENT, :PARENT

    @on = false

    class << self
      # @return [Boolean] whether the settings enable spans
      def on? = @on

      # Applies the settings.
      #
      # @api private
      #
      # @param configuration [Configuration]
      # @return [void]
      def apply(configuration)
        @on = configuration.tracing == :on
        return unless @on && !@flushed_at_exit

        @flushed_at_exit = true
        at_exit { Core.flush }
      end

      # @api private
      # @return [Span, nil] the current span of this thread
      def current = Thread.current[CURRENT]

      # Returns the header for calls and jobs that this thread starts now.
      #
      # @return [String, nil] a W3C traceparent header; nil if nothing is traced
      def traceparent = Bridge.traceparent || current&.traceparent || Thread.current[PARENT]

      # Makes the runs and the jobs of a block continue a trace of another process.
      #
      #   around_action { |_, action| TaskerCore::Tracing.continue(request.headers['traceparent'], &action) }
      #
      # @param traceparent [String, nil] a W3C header; nil changes nothing
      # @yieldreturn [Object]
      # @return [Object] the block's value
      def continue(traceparent)
        return yield unless traceparent

        before = Thread.current[PARENT]
        Thread.current[PARENT] = traceparent.to_s
        begin
          yield
        ensure
          Thread.current[PARENT] = before
        end
      end

      # Begins a trace, or continues the current one of this thread. The sampler decides now for the
      # whole trace.
      #
      # @api private
      # @param name [String]
      # @yieldparam span [Span, nil] nil if the trace is not sampled
      # @return [Object] the block's value
      def trace(name, &)
        span = Trace.begin(name, traceparent) if on?
        return yield unless span

        begin
          measure(span, &)
        ensure
          span.trace.finish
        end
      end

      # Measures a block as a child of the current span.
      #
      # @api private
      # @param name [String]
      # @param kind [Integer] see Span
      # @yieldparam span [Span, nil] nil if nothing is traced
      # @return [Object] the block's value
      def span(name, kind = Span::INTERNAL, &)
        parent = Thread.current[CURRENT]
        parent ? measure(parent.child(name, kind), &) : yield
      end

      # Does the same for one of the core's statements.
      #
      # @api private
      # @param name [String] the name of the statement
      def statement(name, &)
        parent = Thread.current[CURRENT]
        return yield unless parent

        measure(parent.child(name, Span::CLIENT).set('db.system.name', 'postgresql').set('db.query.summary', name), &)
      end

      # Works in a span that another thread began.
      #
      # @api private
      # @param span [Span, nil]
      def inside(span)
        before = Thread.current[CURRENT]
        Thread.current[CURRENT] = span
        yield span
      ensure
        Thread.current[CURRENT] = before
      end

      private

      def measure(span, &)
        before = Thread.current[CURRENT]
        Thread.current[CURRENT] = span
        Bridge.loaded? ? Bridge.inside(span, &) : yield(span)
      rescue StandardError => e
        span.fail(e)
        raise
      ensure
        Thread.current[CURRENT] = before
        span.finish
      end
    end
  end
end

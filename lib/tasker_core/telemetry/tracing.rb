# frozen_string_literal: true

require_relative 'tracing/naming'
require_relative 'tracing/span'
require_relative 'tracing/trace'
require_relative 'tracing/bridge'
require_relative 'tracing/runs'
require_relative 'tracing/job'

module TaskerCore
  # Spans of what runs here. Ruby runs the handlers and the statements, so Ruby
  # measures: a span is a few values until its trace hands many of them over to the
  # core in one call, which sends them over OTLP.
  #
  # Off, or in a run that the sampler did not choose, there is no current span, and
  # everything here costs one look at the thread.
  module Tracing
    CURRENT = :tasker_core_span
    PARENT = :tasker_core_traceparent
    private_constant :CURRENT, :PARENT

    @on = false

    class << self
      # @return [Boolean] whether the settings ask for spans
      def on? = @on

      # Takes over the settings.
      #
      # @param configuration [Configuration]
      # @return [void]
      def apply(configuration)
        @on = configuration.tracing == :on
        return unless @on && !@flushed_at_exit

        @flushed_at_exit = true
        at_exit { Core.flush }
      end

      # @return [Span, nil] the span that this thread works in
      def current = Thread.current[CURRENT]

      # The header for what this thread calls or enqueues now.
      #
      # @return [String, nil] a W3C traceparent
      def traceparent = Bridge.traceparent || current&.traceparent || Thread.current[PARENT]

      # Lets the runs and the jobs of a block continue a trace from elsewhere.
      #
      #   around_action { |_, action| TaskerCore::Tracing.continue(request.headers['traceparent'], &action) }
      #
      # @param traceparent [String, nil] a W3C header; nil changes nothing
      # @yieldreturn [Object]
      # @return [Object] what the block gives
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

      # Begins a trace here, or continues the one that this thread is in. The sampler
      # decides now, for all of it.
      #
      # @param name [String]
      # @yieldparam span [Span, nil] nil where the trace is not kept
      # @return [Object] what the block gives
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
      # @param name [String]
      # @param kind [Integer] see Span
      # @yieldparam span [Span, nil] nil where nothing is traced
      # @return [Object] what the block gives
      def span(name, kind = Span::INTERNAL, &)
        parent = Thread.current[CURRENT]
        parent ? measure(parent.child(name, kind), &) : yield
      end

      # The same for one of the core's statements.
      #
      # @param name [String] the statement's
      def statement(name, &)
        parent = Thread.current[CURRENT]
        return yield unless parent

        measure(parent.child(name, Span::CLIENT).set('db.system.name', 'postgresql').set('db.query.summary', name), &)
      end

      # Works in a span that another thread began.
      #
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

# frozen_string_literal: true

module TaskerCore
  module Tracing
    # The connection to the gem opentelemetry-api, if it is loaded: runs continue Ruby's current
    # span, and spans of a handler are children of the step's span.
    #
    # @api private
    module Bridge
      class << self
        # @return [Boolean] whether the gem is loaded
        def loaded? = defined?(::OpenTelemetry::Trace::SpanContext) ? true : false

        # @return [String, nil] the header of Ruby's current span
        def traceparent
          return unless loaded?

          context = ::OpenTelemetry::Trace.current_span.context
          return unless context.valid?

          "00-#{context.hex_trace_id}-#{context.hex_span_id}-#{context.trace_flags.sampled? ? '01' : '00'}"
        end

        # Makes a span Ruby's current one, so that it becomes the parent of new spans.
        #
        # @param span [Span]
        # @yieldparam span [Span]
        # @return [Object] the block's value
        def inside(span)
          api = ::OpenTelemetry::Trace
          context = api::SpanContext.new(trace_id: span.trace.id, span_id: span.id,
                                         trace_flags: api::TraceFlags::SAMPLED)
          shown = api.context_with_span(api.non_recording_span(context))
          ::OpenTelemetry::Context.with_current(shown) { yield span }
        end
      end
    end
  end
end

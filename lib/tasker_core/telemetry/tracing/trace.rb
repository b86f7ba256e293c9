# frozen_string_literal: true

module TaskerCore
  module Tracing
    # The spans of one run, kept until there are enough to pass to the core. Several threads add
    # spans at the same time.
    #
    # @api private
    class Trace
      # The number of spans that are passed together, and the number of seconds for which the first
      # of them waits at most.
      BATCH = 64
      PATIENCE = 1_000_000_000

      @random = Random.new
      @pid = Process.pid

      class << self
        # Asks the sampler.
        #
        # @param name [String] the name of the first span
        # @param traceparent [String, nil] the header of the span that the trace continues
        # @return [Span, nil] the first span; nil if the trace is not sampled
        def begin(name, traceparent)
          core = Core.current
          trace, span, parent = core.call('begin_trace', 'name' => name, 'traceparent' => traceparent) # TraceReply
          trace && new(core, trace, span).first(name, parent)
        rescue Error, *Core::FAULTS => e
          lost(e)
          nil
        end

        # Reports once that spans could not be created or passed on. This must not disturb the
        # traced work.
        def lost(error)
          Reporting.report(
            Report.new(kind: :spans_lost, capability: :tracing, operation: 'record_spans', details: { error: },
                       message: "Spans are lost because the core failed: #{error.class}: #{error.message}"),
            once: error.class
          )
        end

        # Uses its own random generator, so that neither srand nor a fork repeats ids.
        #
        # @return [String] 8 bytes
        def random_id
          unless @pid == Process.pid
            @random = Random.new
            @pid = Process.pid
          end
          @random.bytes(8)
        end
      end

      # @return [String] 16 bytes
      attr_reader :id

      # @return [Naming] the naming of its attributes
      attr_reader :naming

      # @param core [Core] has sampled the trace
      # @param id [String]
      # @param root [String] the id of the first span
      def initialize(core, id, root)
        @core = core
        @id = id
        @root = root
        @naming = Naming.current
        @spans = []
        @finished = false
        @offset = Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond) - monotonic
        @handed_over = monotonic
      end

      # @return [Span] the first span
      def first(name, parent) = Span.new(self, @root, parent, name, parent ? Span::CONSUMER : Span::INTERNAL)

      # @return [String] the id of another span
      def new_id = Trace.random_id

      # @return [Integer] nanoseconds since 1970, from a clock that does not jump
      def now = monotonic + @offset

      # @param record [Array] an ended span, in the form of go/wire/telemetry.go
      # @return [void]
      def add(record)
        @spans << record
        hand_over if @finished || @spans.size >= BATCH || monotonic - @handed_over > PATIENCE
      end

      # A span that ends later, in a handler that was given up, is passed on at once.
      #
      # @return [void]
      def finish
        @finished = true
        hand_over
      end

      private

      # A forked child has inherited spans that its parent passes on.
      def hand_over
        @handed_over = monotonic
        spans = @spans.shift(@spans.size)
        return if spans.empty? || @core.pid != Process.pid

        @core.call('record_spans', 'trace' => @id, 'root' => @root, 'spans' => spans)
      rescue Error, *Core::FAULTS => e
        Trace.lost(e)
      end

      def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
    end
  end
end

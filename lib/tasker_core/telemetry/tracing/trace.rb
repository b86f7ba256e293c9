# frozen_string_literal: true

module TaskerCore
  module Tracing
    # The spans of one run, kept until there are enough of them to be handed over.
    # Threads add to it at the same time.
    class Trace
      # How many spans are handed over at once, and how many seconds the first of them
      # waits at most while others come.
      BATCH = 64
      PATIENCE = 1_000_000_000

      @random = Random.new
      @pid = Process.pid

      class << self
        # Asks the sampler.
        #
        # @param name [String] of the first span
        # @param traceparent [String, nil] of the span that the trace continues
        # @return [Span, nil] the first span; nil where the trace is not kept
        def begin(name, traceparent)
          core = Core.current
          trace, span, parent = core.call('begin_trace', 'name' => name, 'traceparent' => traceparent) # TraceReply
          trace && new(core, trace, span).first(name, parent)
        rescue Error, *Core::FAULTS => e
          lost(e)
          nil
        end

        # Reports once that spans could not be made or handed over. It must not disturb
        # what is being traced.
        def lost(error)
          Reporting.report(
            Report.new(kind: :spans_lost, capability: :tracing, operation: 'record_spans', details: { error: },
                       message: "Spans are lost, because the core failed: #{error.class}: #{error.message}"),
            once: error.class
          )
        end

        # Of a generator of our own: what the application does with srand does not make
        # ids repeat, and neither does a fork.
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

      # @return [Naming] of its attributes
      attr_reader :naming

      # @param core [Core] that has decided to keep the trace
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

      # @return [Integer] nanoseconds since 1970, of a clock that does not jump
      def now = monotonic + @offset

      # @param record [Array] a span that has ended, as go/wire/telemetry.go has it
      # @return [void]
      def add(record)
        @spans << record
        hand_over if @finished || @spans.size >= BATCH || monotonic - @handed_over > PATIENCE
      end

      # What ends later, in a handler that was given up, is handed over at once.
      #
      # @return [void]
      def finish
        @finished = true
        hand_over
      end

      private

      # A forked child has inherited what its parent is going to hand over.
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

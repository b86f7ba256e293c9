# frozen_string_literal: true

require 'msgpack'

module TaskerCore
  # Takes events from a subscription's queue in the core, in batches, and passes them to the
  # subscription. Only the thread of Delivery calls it.
  #
  # @api private
  class QueueConsumer
    # The number of events in one batch. Other subscriptions have their turn between two batches.
    BATCH = 1000
    NEVER = { Object => :never }.freeze
    IMMEDIATE = { Object => :immediate }.freeze
    NOTHING = { matched: 0, delivered: 0, dropped: 0, spilled: 0, pending: 0 }.freeze
    private_constant :BATCH

    # @return [IO] readable while there are events to take
    attr_reader :to_io

    # @param subscription [Subscription]
    # @param core [Integer] a core's handle
    # @param queue [Integer] a queue's handle
    # @param descriptor [Integer] its file descriptor, which stays the core's
    def initialize(subscription, core, queue, descriptor)
      @subscription = subscription
      @core = core
      @queue = queue
      @to_io = IO.for_fd(descriptor, 'r', autoclose: false)
      @batch = []
      @position = 0
      @ended = false
      @mutex = Mutex.new
      @end = ConditionVariable.new
    end

    # Delivers the rest of the last batch, or takes a batch and delivers it. A thread that is killed
    # meanwhile loses only the event that its subscriber is handling; the next thread continues
    # after it.
    #
    # @return [void]
    def deliver
      Thread.handle_interrupt(NEVER) do
        return finish unless left? || take

        Thread.handle_interrupt(IMMEDIATE) { hand_out }
      end
    end

    # Closes the queue: it accepts no more events, and waiting ones are still delivered.
    #
    # @return [void]
    def stop
      ask('unsubscribe')
      nil
    end

    # @param deadline [Float] on the monotonic clock
    # @return [Boolean] whether everything was delivered by then
    def wait(deadline)
      @mutex.synchronize do
        until @ended
          seconds = deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)
          break unless seconds.positive?

          @end.wait(@mutex, seconds)
        end
        @ended
      end
    end

    # @return [Boolean]
    def ended? = @ended

    # @return [Hash{Symbol => Integer}] matched, delivered, dropped, spilled, pending
    def stats
      counts = @final || read_stats
      # A batch that was taken since then is not counted yet.
      left = (@batch.size - @position).clamp(0, counts[:delivered])
      counts.merge(delivered: counts[:delivered] - left, pending: counts[:pending] + left)
    end

    # @return [Boolean] whether events were taken and not delivered yet
    def left? = @position < @batch.size

    private

    # @return [Boolean] false if the queue has ended
    def take
      bytes = Native.queue_drain(@queue, BATCH)
      @batch = bytes ? MessagePack.unpack(bytes) : []
      @position = 0
      bytes != false
    end

    # Interrupts are handled at the start of the loop, between two events, or in the block.
    def hand_out
      while @position < @batch.size
        event = Event.new(@batch[@position])
        @position += 1
        @subscription.receive(event)
      end
    end

    def finish
      @final = read_stats
      Native.queue_close(@queue)
      @mutex.synchronize do
        @ended = true
        @end.broadcast
      end
    end

    def read_stats = ask('event_stats')&.transform_keys(&:to_sym) || NOTHING

    # @return [Object, nil] nil if the core was closed
    def ask(operation)
      reply = MessagePack.unpack(Native.call(@core, [operation, { 'queue' => @queue }, []].to_msgpack, true))
      reply[1] if reply[0].zero?
    end
  end
end

# frozen_string_literal: true

require_relative 'event'
require_relative '../native/ids'
require_relative 'delivery'

module TaskerCore
  # A subscription to events of one core: the events, the behaviour when its queue is full, and the
  # block that receives them. In a forked child it has its own queue, in the core that the child
  # opens.
  class Subscription
    include Ids

    # The values of when_full.
    POLICIES = %i[block drop_oldest spill].freeze

    # @return [Array<String>] event names and prefixes
    attr_reader :names

    # @api private
    def initialize(subscriptions, names, options, block)
      @subscriptions = subscriptions
      @names = names.flatten.map { |name| text(name) }
      @arguments = arguments(options)
      @block = block
      @failed = 0
      @closed = false
    end

    # Ends the subscription. Waiting events are still delivered: the call returns when that is done,
    # or after 5 seconds if the block is slower. Inside the block it returns at once.
    #
    # @return [Boolean] whether everything was delivered
    def close
      @closed = true
      @subscriptions.remove(self)
      detach(Process.clock_gettime(Process::CLOCK_MONOTONIC) + Delivery::PATIENCE)
    end

    # @return [Boolean] whether the subscription is closed
    def closed? = @closed

    # Counts the events that matched in this process. :matched is the sum of :delivered, :dropped
    # and :pending; :failed counts events whose block raised an error.
    #
    # @return [Hash{Symbol => Integer}] :matched, :delivered, :dropped, :spilled, :pending, :failed
    def stats = (feed&.stats || QueueConsumer::NOTHING).merge(failed: @failed)

    # Creates the queue in an open core.
    #
    # @api private
    # @param core [Integer] the handle of the core
    def attach(core)
      request = ['subscribe', @arguments, []].to_msgpack
      taken = []
      reply = MessagePack.unpack(Native.call(core, request, true, taken))
      raise Error.from_wire(reply[1]) unless reply[0].zero?

      Thread.handle_interrupt(QueueConsumer::NEVER) { deliver(core, taken, *reply[1]) }
    ensure
      give_back(taken[0])
    end

    # Closes the queue before its core is closed.
    #
    # @api private
    # @param deadline [Float, nil] how long to wait for the delivery of waiting events
    # @return [Boolean] whether everything was delivered
    def detach(deadline = nil)
      return true unless feed

      feed.stop unless feed.ended?
      deadline && !Delivery.here? ? feed.wait(deadline) : feed.ended?
    end

    # Calls the block with an event. An exception of the block is reported and not raised.
    #
    # @api private
    def receive(event)
      @block.call(event)
    rescue StandardError, ScriptError, SystemStackError => e
      @failed += 1
      report(event, e)
    end

    # @return [String]
    def inspect = "#<#{self.class} #{@names.join(', ')}#{' closed' if closed?}>"

    private

    # The queue of this process; a child does not use its parent's.
    def feed = (@feed if @pid == Process.pid)

    def arguments(options)
      policy = options.fetch(:when_full)
      policy = policy.to_sym if policy.is_a?(String)
      unless POLICIES.include?(policy)
        refuse("when_full is #{policy.inspect}; it must be one of #{POLICIES.map(&:inspect).join(', ')}")
      end
      refuse('no event is named; pass names such as step.completed, prefixes such as step.*, or *') if @names.empty?
      given = options.compact
      given[:task_id] = id(given[:task_id]) if given.key?(:task_id)
      given.transform_keys(&:to_s).merge('names' => @names, 'when_full' => policy.to_s)
    end

    def text(name)
      return name.to_s if name.is_a?(String) || name.is_a?(Symbol)

      refuse("#{name.inspect} is not a name of events; it must be a String such as step.completed, step.* or *")
    end

    # The feed owns the queue from here on.
    def deliver(core, taken, queue, descriptor)
      @feed = QueueConsumer.new(self, core, queue, descriptor)
      @pid = Process.pid
      Delivery.current.add(@feed)
      taken.clear
    end

    # Closes a queue that an interrupt left without a feed.
    def give_back(bytes)
      kind, queue = bytes && MessagePack.unpack(bytes)
      Native.queue_close(queue[0]) if kind&.zero?
    end

    def refuse(message) = raise(InvalidArgument.new(message, code: 'invalid_argument'))

    def report(event, error)
      message = "a subscriber of #{@names.join(', ')} raised #{error.class} at #{event.name}: #{error.message} " \
                "(#{error.backtrace&.first}); the other events and subscribers are not affected"
      Reporting.report(Report.new(kind: :subscriber_failed, capability: :events, operation: event.name, message:,
                                  details: { error:, event: }), once: [object_id, error.class])
    end
  end
end

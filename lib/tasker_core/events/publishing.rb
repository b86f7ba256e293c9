# frozen_string_literal: true

require_relative 'event_codec'
require_relative 'subscriptions'

# Publishes events and subscribes to them.
module TaskerCore
  # Publishing and subscribing: TaskerCore does it for the core of this process, and a client for
  # its own core.
  module Publishing
    # Calls the block for each matching event, in order, on the one thread that delivers to all
    # subscriptions of this process.
    #
    #   TaskerCore.subscribe('step.*', namespace: 'payments') { |event| puts event.name, event.payload }
    #
    # @param names [Array<String>] names ("step.completed"), prefixes ("step.*") or "*"
    # @param task_id [Integer, nil] only events of this task
    # @param namespace [String, nil] only events of this namespace
    # @param task_name [String, nil] only events of tasks with this name
    # @param step_name [String, nil] only events of steps with this name
    # @param capacity [Integer, nil] the number of events that may wait in memory; nil for 10,000
    # @param max_bytes [Integer, nil] the memory that waiting events may use, in bytes; nil for 16
    #   MB
    # @param when_full [Symbol] :drop_oldest drops events and counts them, :spill writes them to
    #   temporary files, :block makes publishers wait
    # @param max_wait [Numeric, nil] seconds that :block waits for a subscriber that takes no
    #   events; nil for 5, 0 for no limit. After that, events are dropped and counted until it takes
    #   events again
    # @yieldparam event [Event]
    # @return [Subscription]
    # @raise [InvalidArgument] if a name or an option is invalid
    def subscribe(*names, task_id: nil, namespace: nil, task_name: nil, step_name: nil, capacity: nil,
                  max_bytes: nil, when_full: :drop_oldest, max_wait: nil, &block)
      subscriptions.add(names, { task_id:, namespace:, task_name:, step_name:, capacity:, max_bytes:, when_full:,
                                 max_wait: }, block)
    end

    # Publishes an event. It waits if a subscription with when_full: :block has no room, except on
    # the delivering thread.
    #
    # @param name [String]
    # @param payload [Hash]
    # @param about [Hash{Symbol => Object}] :task_id, :step_id, :namespace, :task_name, :step_name,
    #   :occurred_at (Time)
    # @return [void]
    # @raise [Unavailable] if this process has no native library
    def publish(name, payload = nil, **about)
      publish_events([{ name:, payload:, **about }])
    end

    # Publishes many events in order, with few calls.
    #
    # @param events [Enumerable<Hash{Symbol => Object}>] for each event :name and the arguments of
    #   #publish
    # @return [void]
    def publish_events(events)
      events.each_slice(SLICE) do |slice|
        rows = slice.map { |event| EventCodec.row(event) }
        event_core.publish(rows)
        relay(rows)
      end
    end

    # Counts the events of this core.
    #
    # @return [Hash{Symbol => Integer}] :published, and :matched, :delivered, :dropped, :spilled and
    #   :pending summed over its subscriptions
    def event_stats = event_core.call('event_stats', {}).transform_keys(&:to_sym)

    # Counts the events that were sent to other processes and received from them.
    #
    # @return [Hash{Symbol => Object}] :sent, :failed, :listening, :failure, :messages, :own,
    #   :malformed, :events and :gaps; in Rails also :waiting and :dropped
    def relay_stats = event_core.call('relay_stats', {}).transform_keys(&:to_sym)

    # The number of events in one call.
    SLICE = 2000
    private_constant :SLICE

    private

    # A core with its own connections notifies other processes itself.
    def relay(_rows) = nil
  end

  # The subscriptions to the core of this process.
  @subscriptions = Subscriptions.new

  class << self
    include Publishing

    # @see Publishing#relay_stats
    def relay_stats = super.merge(Relay::Mailbox.current.stats)

    # @api private
    attr_reader :subscriptions

    # Opens the core of this process if it is not open yet. From then on, subscriptions made at boot
    # receive events of other processes (config.event_relay). Without this call they receive them
    # once the process uses the core. A forking server calls it in its workers.
    #
    # @return [void]
    # @raise [Unavailable] if this process has no native library
    def listen
      Core.current
      nil
    end

    private

    def event_core = Core.current

    def relay(rows) = (Relay.deliver(rows) if Relay.on?)
  end
end

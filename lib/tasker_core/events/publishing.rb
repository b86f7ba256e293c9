# frozen_string_literal: true

require_relative 'event_codec'
require_relative 'subscriptions'

# Publishing events, and subscribing to them.
module TaskerCore
  # What publishes and subscribes: TaskerCore itself for the core of this process, and
  # clients for theirs.
  module Publishing
    # Calls the block for each event that matches, in order, on the one thread that
    # delivers to all subscriptions of this process.
    #
    #   TaskerCore.subscribe('step.*', namespace: 'payments') { |event| puts event.name, event.payload }
    #
    # @param names [Array<String>] names (step.completed), prefixes (step.*), or *
    # @param task_id [Integer, nil] only events of this task
    # @param namespace [String, nil] only of this namespace
    # @param task_name [String, nil]
    # @param step_name [String, nil]
    # @param capacity [Integer, nil] how many events may wait in memory, 10,000 unless given
    # @param max_bytes [Integer, nil] how much they may take together, 16 MB unless given
    # @param when_full [Symbol] :drop_oldest drops and counts, :spill goes on in temporary
    #   files, :block lets who publishes wait
    # @param max_wait [Numeric, nil] seconds that :block waits for a subscriber that takes
    #   nothing at all, 5 unless given, 0 for ever; after that events are dropped and
    #   counted until it takes again
    # @yieldparam event [Event]
    # @return [Subscription]
    # @raise [InvalidArgument] if names or options do not fit
    def subscribe(*names, task_id: nil, namespace: nil, task_name: nil, step_name: nil, capacity: nil,
                  max_bytes: nil, when_full: :drop_oldest, max_wait: nil, &block)
      subscriptions.add(names, { task_id:, namespace:, task_name:, step_name:, capacity:, max_bytes:, when_full:,
                                 max_wait: }, block)
    end

    # Publishes an event. It waits where a subscription with when_full: :block has no
    # room, except on the thread that delivers.
    #
    # @param name [String]
    # @param payload [Hash]
    # @param about [Hash{Symbol => Object}] task_id, step_id, namespace, task_name,
    #   step_name, occurred_at (Time)
    # @return [void]
    # @raise [Unavailable] if there is no native library in this process
    def publish(name, payload = nil, **about)
      publish_events([{ name:, payload:, **about }])
    end

    # Publishes many events in their order, with few calls.
    #
    # @param events [Enumerable<Hash{Symbol => Object}>] each with a name, and what
    #   publish takes
    # @return [void]
    def publish_events(events)
      events.each_slice(SLICE) do |slice|
        rows = slice.map { |event| EventCodec.row(event) }
        event_core.publish(rows)
        relay(rows)
      end
    end

    # What became of all events of this core.
    #
    # @return [Hash{Symbol => Integer}] published, and matched, delivered, dropped,
    #   spilled, pending summed over its subscriptions
    def event_stats = event_core.call('event_stats', {}).transform_keys(&:to_sym)

    # What was sent to other processes and heard of them.
    #
    # @return [Hash{Symbol => Object}] sent, failed, listening, failure, messages, own,
    #   malformed, events and gaps; in Rails also waiting and dropped
    def relay_stats = event_core.call('relay_stats', {}).transform_keys(&:to_sym)

    # How many events go over in one call.
    SLICE = 2000
    private_constant :SLICE

    private

    # A core with connections of its own tells other processes itself.
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

    # Opens the core of this process if it is not open yet. Subscriptions made at boot
    # hear from then on what other processes publish (config.event_relay); else they do
    # when the process uses the core first. A server that forks calls it in its workers.
    #
    # @return [void]
    # @raise [Unavailable] if there is no native library in this process
    def listen
      Core.current
      nil
    end

    private

    def event_core = Core.current

    def relay(rows) = (Relay.deliver(rows) if Relay.on?)
  end
end

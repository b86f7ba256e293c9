# frozen_string_literal: true

require_relative 'subscription'

module TaskerCore
  # The subscriptions to the events of one core. They are kept in Ruby and made in the
  # core when it is opened, so that an application subscribes at boot without loading
  # the native core, and a forked child has them too, with queues of its own.
  class Subscriptions
    def initialize
      @mutex = Mutex.new
      @list = []
      @core = nil
    end

    # @return [Subscription] made in the core if that is open in this process
    def add(names, options, block)
      raise ArgumentError, 'subscribe needs a block, which gets the events' unless block

      subscription = Subscription.new(self, names, options, block)
      kept = false
      @mutex.synchronize do
        subscription.attach(@core) if @core && @pid == Process.pid
        @list << subscription
        kept = true
      end
      subscription
    ensure
      # Refused, or an interrupt came: nobody holds it who could close it.
      withdraw(subscription) if subscription && !kept
    end

    # @return [Boolean] whether anybody subscribes
    def any? = @list.any?

    # @param subscription [Subscription]
    def remove(subscription)
      @mutex.synchronize { @list.delete(subscription) }
    end

    # @param core [Integer] the handle of a core that was opened in this process
    # @param owner [Core] which lives as long as somebody subscribes
    def opened(core, owner)
      @mutex.synchronize do
        @core = core
        @owner = owner
        @pid = Process.pid
        @list.each { |subscription| attach(subscription) }
      end
    end

    # Lets subscribers take what is there, before the core is closed.
    def closing
      list = @mutex.synchronize do
        @core = nil
        @list.dup
      end
      list.each(&:detach)
      ending = Process.clock_gettime(Process::CLOCK_MONOTONIC) + Delivery::PATIENCE
      list.each { |subscription| subscription.detach(ending) }
    end

    private

    def withdraw(subscription)
      remove(subscription)
      subscription.detach
    end

    # A core works without its subscribers.
    def attach(subscription)
      subscription.attach(@core)
    rescue Error => e
      message = "#{subscription.inspect} gets no events in process #{@pid}: #{e.message}"
      Reporting.report(Report.new(kind: :delivery_failed, capability: :events, operation: 'TaskerCore.subscribe',
                                  message:, details: { error: e }))
    end
  end
end

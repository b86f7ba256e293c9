# frozen_string_literal: true

require_relative 'subscription'

module TaskerCore
  # The subscriptions to the events of one core. They are kept in Ruby and created in the core when
  # it is opened, so an application subscribes at boot without loading the native core, and a forked
  # child has them too, with its own queues.
  #
  # @api private
  class Subscriptions
    def initialize
      @mutex = Mutex.new
      @list = []
      @core = nil
    end

    # @return [Subscription] created in the core if it is open in this process
    def add(names, options, block)
      raise ArgumentError, 'subscribe needs a block, which receives the events' unless block

      subscription = Subscription.new(self, names, options, block)
      kept = false
      @mutex.synchronize do
        subscription.attach(@core) if @core && @pid == Process.pid
        @list << subscription
        kept = true
      end
      subscription
    ensure
      # It was refused, or an interrupt came: no caller has it to close it.
      withdraw(subscription) if subscription && !kept
    end

    # @return [Boolean] whether there are subscriptions
    def any? = @list.any?

    # @param subscription [Subscription]
    def remove(subscription)
      @mutex.synchronize { @list.delete(subscription) }
    end

    # @param core [Integer] the handle of a core that was opened in this process
    # @param owner [Core] lives as long as there are subscriptions
    def opened(core, owner)
      @mutex.synchronize do
        @core = core
        @owner = owner
        @pid = Process.pid
        @list.each { |subscription| attach(subscription) }
      end
    end

    # Lets subscribers take the remaining events before the core is closed.
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
      message = "#{subscription.inspect} receives no events in process #{@pid}: #{e.message}"
      Reporting.report(Report.new(kind: :delivery_failed, capability: :events, operation: 'TaskerCore.subscribe',
                                  message:, details: { error: e }))
    end
  end
end

# frozen_string_literal: true

require_relative 'queue_consumer'

module TaskerCore
  # The thread that waits for events of all subscriptions of this process, without the
  # GVL, and hands them out. It is started with the first subscription that finds an
  # open core, in each process anew, and again where somebody killed it.
  class Delivery
    # How long a program that ends waits for subscribers to take what is there.
    PATIENCE = 5
    # How long the thread pauses, in seconds, when a batch could not be delivered.
    PAUSE = 0.1
    private_constant :PAUSE

    @mutex = Mutex.new

    class << self
      # @return [Delivery] of this process
      def current
        @mutex.synchronize do
          @current = new unless @current&.pid == Process.pid
          @current
        end
      end

      # Delivers what is there and ends the thread, if there is one.
      #
      # @return [void]
      def stop
        delivery = @mutex.synchronize { @current if @current&.pid == Process.pid }
        delivery&.stop
      end

      # @return [Boolean] whether this is the thread that delivers: it must not wait for
      #   itself
      def here? = Thread.current.thread_variable_get(:tasker_core_delivery) == Process.pid
    end

    # @return [Integer] the process that it belongs to
    attr_reader :pid

    def initialize
      @pid = Process.pid
      @mutex = Mutex.new
      @feeds = []
      @wake = IO.pipe
      @stopping = false
    end

    # @param feed [QueueConsumer]
    # @return [void]
    def add(feed)
      @mutex.synchronize do
        @feeds << feed
        start unless @thread&.alive?
      end
      wake
    end

    # Ends all subscriptions' queues, and the thread once everything was delivered.
    #
    # @return [void]
    def stop
      thread, feeds = @mutex.synchronize do
        @stopping = true
        [@thread, @feeds.dup]
      end
      feeds.each(&:stop)
      wake
      thread&.join(PATIENCE) unless Delivery.here?
    end

    private

    # The new thread begins without interrupts: one that is killed at once is replaced
    # too.
    def start
      @thread = Thread.handle_interrupt(QueueConsumer::NEVER) { Thread.new { run } }
      @thread.name = 'tasker_core events'
      @thread.report_on_exception = false
    end

    def run
      Thread.current.thread_variable_set(:tasker_core_delivery, @pid)
      Thread.handle_interrupt(QueueConsumer::IMMEDIATE) { work }
    ensure
      # Somebody killed the thread, or a subscriber raised what nobody may rescue.
      @mutex.synchronize { start } unless @stopping || @pid != Process.pid
    end

    def work
      feeds.select(&:left?).each { |feed| deliver(feed) }
      turn until done?
    end

    def feeds = @mutex.synchronize { @feeds.dup }

    def done? = @stopping && feeds.empty?

    def turn
      wait.each { |source| source.equal?(@wake[0]) ? woken : deliver(source) }
    end

    # @return [Array] which feeds have something, and whether somebody woke the thread
    def wait
      IO.select([@wake[0], *feeds]).first
    rescue SystemCallError, IOError => e
      give_up(e)
      []
    end

    # What the application's executor or the core raised must not end the thread, nor
    # keep it busy.
    def deliver(feed)
      in_application { feed.deliver }
    rescue StandardError => e
      report("events are late in process #{@pid}: #{e.class}: #{e.message}", e)
      sleep(PAUSE)
    ensure
      @mutex.synchronize { @feeds.delete(feed) } if feed.ended?
    end

    # Where Rails is, its executor gives connections back and guards reloading.
    def in_application(&)
      application = defined?(::Rails) && ::Rails.respond_to?(:application) && ::Rails.application
      application ? application.executor.wrap(&) : yield
    end

    # Somebody closed the descriptors: there is nothing left to wait for.
    def give_up(error)
      @mutex.synchronize do
        @stopping = true
        @feeds.clear
      end
      report("events are not delivered in process #{@pid} any more: their descriptors were closed (#{error.message})",
             error)
    end

    def report(message, error)
      Reporting.report(Report.new(kind: :delivery_failed, capability: :events, operation: 'TaskerCore.subscribe',
                                  message:, details: { error: }), once: error.class)
    end

    def wake
      @wake[1].write_nonblock('.')
    rescue IO::WaitWritable, IOError, SystemCallError
      nil # it is awake already, or has given up
    end

    def woken
      @wake[0].read_nonblock(1024)
    rescue IO::WaitReadable
      nil
    end

    at_exit { stop }
  end
end

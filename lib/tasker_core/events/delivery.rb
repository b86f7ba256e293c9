# frozen_string_literal: true

require_relative 'queue_consumer'

module TaskerCore
  # The thread that waits for the events of all subscriptions of this process, without the GVL, and
  # delivers them. It starts with the first subscription after a core is open, separately in each
  # process, and starts again if it is killed.
  #
  # @api private
  class Delivery
    # How long a program that ends waits for subscribers to take the remaining events, in seconds.
    PATIENCE = 5
    # How long the thread pauses, in seconds, when a batch could not be delivered.
    PAUSE = 0.1
    private_constant :PAUSE

    @mutex = Mutex.new

    class << self
      # @return [Delivery] the delivery of this process
      def current
        @mutex.synchronize do
          @current = new unless @current&.pid == Process.pid
          @current
        end
      end

      # Delivers the remaining events and ends the thread, if it runs.
      #
      # @return [void]
      def stop
        delivery = @mutex.synchronize { @current if @current&.pid == Process.pid }
        delivery&.stop
      end

      # @return [Boolean] whether the current thread delivers events; it must not wait for itself
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

    # Ends the queues of all subscriptions, and the thread when everything is delivered.
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

    # The new thread starts with interrupts masked, so a thread that is killed at once is replaced
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
      # The thread was killed, or a subscriber raised an exception that must not be rescued.
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

    # @return [Array] the feeds with events, and whether another thread woke this one
    def wait
      IO.select([@wake[0], *feeds]).first
    rescue SystemCallError, IOError => e
      give_up(e)
      []
    end

    # An exception of the application's executor or of the core must neither end the thread nor make
    # it spin.
    def deliver(feed)
      in_application { feed.deliver }
    rescue StandardError => e
      report("events are late in process #{@pid}: #{e.class}: #{e.message}", e)
      sleep(PAUSE)
    ensure
      @mutex.synchronize { @feeds.delete(feed) } if feed.ended?
    end

    # In Rails, the executor returns connections and guards reloading.
    def in_application(&)
      application = defined?(::Rails) && ::Rails.respond_to?(:application) && ::Rails.application
      application ? application.executor.wrap(&) : yield
    end

    # The descriptors were closed, so there is nothing left to wait for.
    def give_up(error)
      @mutex.synchronize do
        @stopping = true
        @feeds.clear
      end
      report("events are no longer delivered in process #{@pid}: their descriptors were closed (#{error.message})",
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

# frozen_string_literal: true

module TaskerCore
  module Relay
    # Events that were published outside of transactions. One thread of the process sends them in
    # batches on a connection of the application's pool, so publishers do not wait for a commit. A
    # transaction that commits meanwhile takes the waiting events along, before its own, which keeps
    # the order.
    #
    # @api private
    class Mailbox
      # The maximum number of events that wait for a database that does not answer; then the oldest
      # are dropped.
      MOST = 50_000
      # The number of events in one batch.
      BATCH = 1000
      # The first and the longest pause between attempts, in seconds.
      PAUSES = [0.1, 5.0].freeze
      # How long the end of the process waits, in seconds.
      FAREWELL = 2.0
      private_constant :MOST, :BATCH, :PAUSES, :FAREWELL

      @mutex = Mutex.new

      # @return [Mailbox] the mailbox of this process; a forked child sends none of its parent's
      #   events
      def self.current
        box = @current
        return box if box&.pid == Process.pid

        @mutex.synchronize { @current&.pid == Process.pid ? @current : @current = new }
      end

      # @return [Integer] the process
      attr_reader :pid

      def initialize
        @pid = Process.pid
        @texts = []
        @dropped = 0
        @sent = 0
        @mutex = Mutex.new
        @changed = ConditionVariable.new
        # Held while a batch is being sent.
        @sending = Mutex.new
      end

      # @param texts [Array<String>] events in JSON
      # @return [void]
      def put(texts)
        @mutex.synchronize do
          @texts.concat(texts)
          trim
          start
          @changed.signal
        end
      end

      # Counts events that were passed to the database, including those of transactions.
      #
      # @param events [Integer]
      # @return [void]
      def count(events) = @mutex.synchronize { @sent += events }

      # @return [Hash{Symbol => Integer}] events of this process: :sent, :waiting and :dropped for
      #   lack of room
      def stats = @mutex.synchronize { { sent: @sent, waiting: @texts.size, dropped: @dropped } }

      # Takes the waiting events for a transaction that is about to commit.
      #
      # @return [Array<String>]
      def take = @sending.synchronize { @mutex.synchronize { @texts.shift(@texts.size) } }

      # Puts back events that a transaction took and did not commit; they are sent first.
      #
      # @param texts [Array<String>]
      # @return [void]
      def put_back(texts)
        @mutex.synchronize do
          @texts.unshift(*texts)
          trim
          @changed.signal
        end
      end

      # Waits until everything is sent.
      #
      # @param seconds [Numeric] the longest wait
      # @return [Boolean] whether everything was sent
      def flush(seconds = FAREWELL)
        ending = clock + seconds
        until empty?
          return false if clock > ending

          sleep 0.002
        end
        true
      end

      private

      def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      # A batch that is being sent has not arrived yet.
      def empty? = @sending.synchronize { @mutex.synchronize { @texts.empty? } }

      def trim
        surplus = @texts.size - MOST
        @dropped += @texts.shift(surplus).size if surplus.positive?
      end

      def start
        return if @thread&.alive?

        at_exit { flush if Process.pid == @pid } unless @thread
        @thread = Thread.new { run }
        @thread.name = 'tasker_core relay'
      end

      def run
        pause = PAUSES.first
        loop do
          @mutex.synchronize { @changed.wait(@mutex) while @texts.empty? }
          send_batch
          pause = PAUSES.first
        rescue StandardError => e
          report(e)
          sleep pause
          pause = [pause * 2, PAUSES.last].min
        end
      end

      # Takes the connection first: a transaction that waits for this batch may hold the last one of
      # the pool.
      def send_batch
        Relay.with_connection do |connection|
          @sending.synchronize do
            texts = @mutex.synchronize { @texts.shift(BATCH) }
            Outbox.of(connection).deliver(texts) if texts.any?
          rescue StandardError
            put_back(texts)
            raise
          end
        end
      end

      def report(error)
        Reporting.report(Report.new(kind: :event_not_forwarded, capability: :events, operation: 'relay',
                                    message: 'events wait to be sent to other processes: ' \
                                             "#{error.class}: #{error.message}", details: { error: }),
                         once: error.class)
      end
    end
  end
end

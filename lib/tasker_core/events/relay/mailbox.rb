# frozen_string_literal: true

module TaskerCore
  module Relay
    # The events that were published outside of transactions. One thread of the process
    # sends them, in batches, on a connection of the application's pool: who publishes
    # does not wait for a commit. A transaction that commits meanwhile takes what waits
    # along, ahead of its own events, so that the order stays.
    class Mailbox
      # How many events may wait for a database that does not answer; then the oldest go.
      MOST = 50_000
      # How many are sent at once.
      BATCH = 1000
      # Seconds between attempts, at first and at most.
      PAUSES = [0.1, 5.0].freeze
      # How long the end of the process waits.
      FAREWELL = 2.0
      private_constant :MOST, :BATCH, :PAUSES, :FAREWELL

      @mutex = Mutex.new

      # @return [Mailbox] of this process: a forked child sends nothing of its parent's
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
        # Held while a batch is on its way.
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

      # Notes events that were handed to the database, by a transaction too.
      #
      # @param events [Integer]
      # @return [void]
      def count(events) = @mutex.synchronize { @sent += events }

      # @return [Hash{Symbol => Integer}] events of this process: sent, waiting, and
      #   dropped because they found no room
      def stats = @mutex.synchronize { { sent: @sent, waiting: @texts.size, dropped: @dropped } }

      # What waits, for a transaction that is about to commit.
      #
      # @return [Array<String>]
      def take = @sending.synchronize { @mutex.synchronize { @texts.shift(@texts.size) } }

      # What a transaction took and did not commit comes first again.
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

      # Waits until everything was sent.
      #
      # @param seconds [Numeric] how long at most
      # @return [Boolean] whether it was
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

      # A batch that is on its way is not there yet.
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

      # The connection comes first: a transaction that waits for this batch may hold the
      # last one of the pool.
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
                                    message: 'events wait to be told to other processes: ' \
                                             "#{error.class}: #{error.message}", details: { error: }),
                         once: error.class)
      end
    end
  end
end

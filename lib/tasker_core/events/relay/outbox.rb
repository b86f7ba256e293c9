# frozen_string_literal: true

module TaskerCore
  module Relay
    # Events that wait on one connection for the end of its transaction. They are sent in the
    # transaction just before it commits, in the order in which they were published. Events of a
    # savepoint that was rolled back are removed.
    #
    # @api private
    class Outbox
      # The instance variable of a connection that holds its outbox.
      OWNER = :@tasker_core_outbox
      # The separator of messages, which no message contains. They are sent in order.
      BETWEEN = "\u0001"
      SQL = 'SELECT count(pg_notify($1::text, message))::text FROM unnest(string_to_array($2::text, chr(1))) AS message'
      private_constant :OWNER, :BETWEEN, :SQL

      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @return [Outbox] the outbox of this connection; use it on one thread at a time
      def self.of(connection)
        connection.instance_variable_get(OWNER) || connection.instance_variable_set(OWNER, new(connection))
      end

      def initialize(connection)
        @connection = connection
        @waiting = []
        @transactions = {}.compare_by_identity
      end

      # @param texts [Array<String>] events in JSON
      # @return [void]
      def add(texts)
        transaction = @connection.current_transaction
        return Mailbox.current.put(texts) unless transaction.open?

        enlist(transaction)
        texts.each { |text| @waiting << [transaction, text] }
      end

      # Sends events at once.
      #
      # @param texts [Array<String>]
      # @return [void]
      # @raise [ActiveRecord::ActiveRecordError] if they could not be sent
      def deliver(texts)
        host = HostConnection.new(@connection)
        messages = Message.pack(Relay.origin, texts).join(BETWEEN)
        host.answer('relay', SQL, [TaskerCore.configuration.event_relay_channel, messages], false)
        raise host.failure if host.failure

        Mailbox.current.count(texts.size)
      end

      private

      # When a savepoint is released, its callbacks move to the enclosing transaction.
      def enlist(transaction)
        return if @transactions[transaction]

        # Clears the events of a connection that was lost in the middle of a transaction.
        clear if @connection.open_transactions == 1
        @transactions[transaction] = true
        transaction.before_commit { flush(transaction) }
        transaction.after_rollback { forget(transaction) }
      end

      # If a statement of the transaction has failed, its COMMIT becomes a ROLLBACK, so nothing is
      # sent.
      def flush(transaction)
        texts = @waiting.map(&:last)
        clear
        return if texts.empty? || HostConnection.new(@connection).aborted?

        earlier = Mailbox.current.take
        transaction.after_rollback { Mailbox.current.put_back(earlier) } if earlier.any?
        deliver(earlier + texts)
      end

      def forget(transaction)
        @transactions.delete(transaction)
        @waiting.reject! { |owner, _| owner.equal?(transaction) }
      end

      def clear
        @waiting.clear
        @transactions.clear
      end
    end
  end
end

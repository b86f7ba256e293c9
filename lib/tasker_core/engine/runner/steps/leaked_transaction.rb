# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A transaction that a handler left open on its connection. What became of its
      # step would be written inside of it, and be lost with it; the connection's next user would
      # lose his work too. It is rolled back before the step is written.
      module LeakedTransaction
        # What a step fails with that returned without ending its transaction.
        class Open < StandardError; end

        # @param state [String] the state that the step gets
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter] with an open transaction
        # @param run [Run]
        # @return [Boolean] false where the transaction is the caller's
        # @raise [Open] where the step would be complete, but what it wrote is rolled back
        def self.ended?(state, connection, run)
          return false if run.in_transaction?

          connection.rollback_transaction while connection.transaction_open?
          return true unless state == 'complete'

          raise Open, 'the handler left a transaction open, so what it wrote in it was rolled back; let it use ' \
                      'transaction with a block'
        end
      end
    end
  end
end

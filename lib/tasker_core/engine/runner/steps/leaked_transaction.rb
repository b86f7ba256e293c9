# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # A transaction that a handler left open on its connection. The step's outcome would be
      # written inside it and lost with it, and so would the work of the connection's next user. It
      # is rolled back before the step is written.
      module LeakedTransaction
        # The error of a step that returned without ending its transaction.
        class Open < StandardError; end

        # @param state [String] the state that the step gets
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter] with an open transaction
        # @param run [Run]
        # @return [Boolean] false if the transaction is the caller's
        # @raise [Open] if the step would be complete, but its writes were rolled back
        def self.ended?(state, connection, run)
          return false if run.in_transaction?

          connection.rollback_transaction while connection.transaction_open?
          return true unless state == 'complete'

          raise Open, 'the handler left a transaction open, so its writes in it were rolled back; use ' \
                      'transaction with a block'
        end
      end
    end
  end
end

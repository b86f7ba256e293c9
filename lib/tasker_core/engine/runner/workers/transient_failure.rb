# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Tells transient failures of the database from permanent ones.
      module TransientFailure
        # SQLSTATEs after which the same statement may succeed: serialization failure, deadlock,
        # lock not available, query cancelled, a standby that is not promoted yet, insufficient
        # memory, disk space or connections.
        PASSING = /\A(40001|40P01|55P03|57014|25006|53...)\z/

        # SQLSTATEs of a server that ends a session and of a broken connection.
        CONNECTION = /\A(08...|57P0[1235]|25P03)\z/

        class << self
          # @param error [StandardError]
          # @return [Symbol, nil] :connection, :passing, or nil for a permanent failure
          def of(error)
            case error
            when ActiveRecord::ConnectionFailed, ActiveRecord::ConnectionNotEstablished then :connection
            when ActiveRecord::TransactionRollbackError, ActiveRecord::LockWaitTimeout, ActiveRecord::QueryCanceled
              :passing
            else of_state(sqlstate(error))
            end
          end

          private

          def of_state(state)
            return :passing if PASSING.match?(state.to_s)

            :connection if CONNECTION.match?(state.to_s)
          end

          def sqlstate(error)
            return error.sqlstate if error.is_a?(Error)

            result = error.cause.respond_to?(:result) ? error.cause.result : nil
            result&.error_field(PG::Result::PG_DIAG_SQLSTATE)
          end
        end
      end
    end
  end
end

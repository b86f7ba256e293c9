# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Retries after transient failures of the database: a server restart, a failover, or a lock
      # that is held too long. The pauses grow.
      class DatabaseRetry
        # How long to keep retrying, in seconds.
        LONGEST = 30

        # The pause before the second retry, in seconds. Each further pause is three times as long.
        # The first retry follows at once.
        SHORTEST_PAUSE = 0.05

        # The longest pause, in seconds.
        LONGEST_PAUSE = 1

        class << self
          # Retries a read outside of a transaction.
          #
          # @yieldreturn [Object]
          # @return [Object] the block's value
          # @raise [ActiveRecord::ActiveRecordError] the database's last error
          def read
            retries = nil
            begin
              yield
            rescue DatabaseError, ActiveRecord::ActiveRecordError => e
              retry if passes?(e) && (retries ||= new).wait
              raise e.is_a?(DatabaseError) ? e.cause || e : e
            end
          end

          # @return [Boolean] whether this thread has an open transaction; does not take a
          #   connection
          def transaction_open?
            ::Tasker::ApplicationRecord.connection_pool.active_connection?&.transaction_open? || false
          end

          private

          def passes?(error) = TransientFailure.of(error) && !transaction_open?
        end

        def initialize
          @pause = 0
          @ending = monotonic + LONGEST
        end

        # Waits before a retry.
        #
        # @return [Boolean] false if the time for retries is over
        def wait
          return false if monotonic > @ending

          sleep(@pause)
          @pause = @pause.zero? ? SHORTEST_PAUSE : [@pause * 3, LONGEST_PAUSE].min
          true
        end

        private

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end

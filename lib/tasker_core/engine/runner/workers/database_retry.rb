# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Retries after transient failures of the database: a server that restarts or fails over, a
      # lock that somebody holds too long. The pauses grow.
      class DatabaseRetry
        # How long it is retried, in seconds.
        LONGEST = 30

        # The pause before the second repetition, in seconds; three times as long before each
        # further one. The first one follows at once.
        SHORTEST_PAUSE = 0.05

        # The longest pause, in seconds.
        LONGEST_PAUSE = 1

        class << self
          # Repeats a read, outside of a transaction.
          #
          # @yieldreturn [Object]
          # @return [Object] what the block gives
          # @raise [ActiveRecord::ActiveRecordError] what the database says in the end
          def read
            retries = nil
            begin
              yield
            rescue DatabaseError, ActiveRecord::ActiveRecordError => e
              retry if passes?(e) && (retries ||= new).wait
              raise e.is_a?(DatabaseError) ? e.cause || e : e
            end
          end

          # @return [Boolean] whether this thread has a transaction open; asks for no connection
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

        # Waits before a repetition.
        #
        # @return [Boolean] false where it has been repeated long enough
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

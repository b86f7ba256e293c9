# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The connections of a run's threads. Whoever waits for others holds none, so that
      # a pool as large as the threads that run tasks is enough.
      class Connections
        # How long the thread that drives a run waits for a connection of its own, in seconds.
        PATIENCE = 30

        # @param pools [Array<ActiveRecord::ConnectionAdapters::ConnectionPool>] the
        #   application's, and the engine's where it has a database of its own
        def initialize(pools = [ActiveRecord::Base.connection_pool, ::Tasker::ApplicationRecord.connection_pool].uniq)
          @pools = pools
        end

        # Lends this thread its connections for a block. They go back to their pools
        # afterwards, also where somebody asks for +connection+ inside: the threads live
        # on, and would keep it for ever.
        #
        # @yieldreturn [Object]
        # @return [Object] what the block gives
        # @raise [ActiveRecord::ConnectionTimeoutError]
        def lend(pools = @pools, &)
          first, *rest = pools
          first.with_connection(prevent_permanent_checkout: true) { rest.empty? ? yield : lend(rest, &) }
        end

        # Gives back what this thread keeps, unless a transaction is open on it.
        #
        # @return [void]
        def release
          @pools.each do |pool|
            connection = pool.active_connection?
            pool.release_connection if connection && !connection.transaction_open?
          end
        end

        # Gets this thread a connection again, however busy the pool is: a run that has done its
        # work has to say so.
        #
        # @return [void]
        # @raise [ActiveRecord::ConnectionTimeoutError]
        def regain
          deadline = monotonic + PATIENCE
          begin
            @pools.each(&:lease_connection)
          rescue ActiveRecord::ConnectionTimeoutError
            monotonic < deadline ? retry : raise
          end
        end

        # @return [Boolean] whether another thread waits for one of these connections
        def wanted? = @pools.any? { |pool| pool.stat[:waiting].positive? }

        # Runs statements on the connection that the thread has at that moment, for a session
        # that outlives it.
        class Host < HostConnection
          def initialize # rubocop:disable Lint/MissingSuper -- there is no connection to keep
          end

          # @see HostConnection#answer
          def answer(...)
            host = HostConnection.new(::Tasker::ApplicationRecord.connection)
            host.answer(...).tap { @failure = host.failure }
          end
        end

        # @return [Integer] how many threads can have one now
        def free
          @pools.map { |pool| pool.stat.then { |stat| stat[:size] - stat[:busy] } }.min
        end

        private

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end

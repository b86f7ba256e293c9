# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The connections of a run's threads. A waiting thread holds no connection, so a pool with one
      # connection for each thread that runs tasks is enough.
      class Connections
        # How long the thread that drives a run waits for its own connection, in seconds.
        PATIENCE = 30

        # @param pools [Array<ActiveRecord::ConnectionAdapters::ConnectionPool>] the application's,
        #   and the engine's if it has its own database
        def initialize(pools = [ActiveRecord::Base.connection_pool, ::Tasker::ApplicationRecord.connection_pool].uniq)
          @pools = pools
        end

        # Lends this thread its connections for a block. They return to their pools afterwards, even
        # if code in the block calls +connection+: the threads live on and would keep the
        # connections forever.
        #
        # @yieldreturn [Object]
        # @return [Object] the block's value
        # @raise [ActiveRecord::ConnectionTimeoutError]
        def lend(pools = @pools, &)
          first, *rest = pools
          first.with_connection(prevent_permanent_checkout: true) { rest.empty? ? yield : lend(rest, &) }
        end

        # Returns the thread's connections, unless a transaction is open on them.
        #
        # @return [void]
        def release
          @pools.each do |pool|
            connection = pool.active_connection?
            pool.release_connection if connection && !connection.transaction_open?
          end
        end

        # Gets this thread a connection again, however busy the pool is, because a run has to record
        # its finished work.
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

        # Runs statements on the thread's current connection, for a session that outlives a
        # connection.
        class Host < HostConnection
          def initialize # rubocop:disable Lint/MissingSuper -- there is no connection to keep
          end

          # @see HostConnection#answer
          def answer(...)
            host = HostConnection.new(::Tasker::ApplicationRecord.connection)
            host.answer(...).tap { @failure = host.failure }
          end
        end

        # @return [Integer] the number of threads that can get a connection now
        def free
          @pools.map { |pool| pool.stat.then { |stat| stat[:size] - stat[:busy] } }.min
        end

        private

        def monotonic = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      end
    end
  end
end

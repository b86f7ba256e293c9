# frozen_string_literal: true

# The entrance for programs without Active Record.
module TaskerCore
  class << self
    # A client over connections of the core's own, for programs without Active
    # Record. No connection is opened before the first operation, and none is shared
    # with the application: what an uncommitted transaction of it wrote is not seen.
    #
    #   TaskerCore.open(database_url: 'postgresql://localhost/shop') do |tasker|
    #     tasker.viable_steps(42)
    #   end
    #
    # It may be used by many threads at once. A waiting call lets other threads run
    # and ends at once on Timeout and Thread#kill; the server's statement is
    # cancelled too. A forked child opens connections of its own.
    #
    # @param database_url [String] a URL (postgresql://user@host/database), or
    #   keyword=value pairs, as libpq reads them
    # @param settings [Hash{Symbol => Object}] pool_max_connections (4),
    #   pool_exec_mode ('cache_statement'; behind PgBouncer in transaction mode
    #   'exec', 'simple_protocol' or 'cache_describe'),
    #   pool_acquire_timeout_seconds (5), application_name, and what else
    #   go/config/config.go lists
    # @yieldparam client [PoolClient] closed after the block
    # @return [PoolClient, Object] without a block the client, which the caller
    #   closes; with one, what the block gives
    # @raise [ConfigurationError] if a setting, or the URL, cannot be used
    # @raise [Unavailable] if there is no native library in this process
    def open(database_url:, **settings)
      client = PoolClient.new(database_url:, **settings)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end
  end

  # A client whose core has connections of its own.
  class PoolClient < Client
    # Stands in for a HostConnection where the core has connections of its own and runs every
    # statement itself: operations that write run in a transaction of the core's.
    module OwnConnections
      module_function

      def transaction = yield

      def failure = nil

      # The client keeps them: it has one database.
      def rules = yield

      # Audit rows get the database's time: there is no host that travels in time.
      def now = nil

      def moment = nil

      # The core publishes by itself.
      def publish_after_commit(_core, _rows) = nil
    end
    private_constant :OwnConnections

    # @see TaskerCore.open
    def initialize(database_url:, **settings)
      unless database_url.is_a?(String) && !database_url.empty?
        raise ConfigurationError.new('database_url must be a text such as postgresql://user@host/database',
                                     code: 'configuration')
      end

      super(Core.new(settings.merge(database_url:).transform_keys(&:to_s)), OwnConnections)
    end

    # Cancels what other threads have under way and closes every connection.
    #
    # @return [void]
    def close
      @core.close
      nil
    end

    # @return [Boolean]
    def closed? = @core.closed?

    # The URL may hold a password.
    def inspect = "#<#{self.class}#{' closed' if closed?}>"

    private

    def subscriptions
      raise InvalidArgument.new('this client was closed', code: 'invalid_argument') if closed?

      super
    end
  end
end

# frozen_string_literal: true

# For programs without Active Record.
module TaskerCore
  class << self
    # Opens a client with its own database connections, for programs without Active Record. The
    # first operation opens the first connection. The client shares none with the application, so it
    # does not see what the application has not committed.
    #
    #   TaskerCore.open(database_url: 'postgresql://localhost/shop') do |tasker|
    #     tasker.viable_steps(42)
    #   end
    #
    # Many threads may use one client. A waiting call lets other threads run, and ends at once on
    # Timeout and Thread#kill; the statement on the server is cancelled too. A forked child opens
    # its own connections.
    #
    # @param database_url [String] a URL (postgresql://user@host/database) or libpq's keyword=value
    #   pairs
    # @param settings [Hash{Symbol => Object}] pool_max_connections (4), pool_exec_mode
    #   ('cache_statement'; behind PgBouncer in transaction mode 'exec', 'simple_protocol' or
    #   'cache_describe'), pool_acquire_timeout_seconds (5), application_name, and the other
    #   settings of docs/SETTINGS.md that apply to the core
    # @yieldparam client [PoolClient] closed after the block
    # @return [PoolClient, Object] without a block, the client, which the caller closes; with a
    #   block, its value
    # @raise [ConfigurationError] if a setting or the URL is invalid
    # @raise [Unavailable] if this process has no native library
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

  # A client with its own database connections.
  class PoolClient < Client
    # Takes the place of a HostConnection for a core with its own connections. The core runs every
    # statement itself, and runs operations that write in a transaction.
    #
    # @api private
    module OwnConnections
      module_function

      def transaction = yield

      def failure = nil

      # The client keeps the answer, because it has one database.
      def rules = yield

      # Audit rows get the database's time.
      def now = nil

      def moment = nil

      # The core publishes these events itself.
      def publish_after_commit(_core, _rows) = nil
    end
    private_constant :OwnConnections

    # @see TaskerCore.open
    def initialize(database_url:, **settings)
      unless database_url.is_a?(String) && !database_url.empty?
        raise ConfigurationError.new('database_url must be a String such as postgresql://user@host/database',
                                     code: 'configuration')
      end

      super(Core.new(settings.merge(database_url:).transform_keys(&:to_s)), OwnConnections)
    end

    # Cancels the calls of other threads and closes every connection.
    #
    # @return [void]
    def close
      @core.close
      nil
    end

    # @return [Boolean]
    def closed? = @core.closed?

    # Leaves out the URL, which may hold a password.
    def inspect = "#<#{self.class}#{' closed' if closed?}>"

    private

    def subscriptions
      raise InvalidArgument.new('this client is closed', code: 'invalid_argument') if closed?

      super
    end
  end
end

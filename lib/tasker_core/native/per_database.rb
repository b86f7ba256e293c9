# frozen_string_literal: true

module TaskerCore
  # A number that is looked up once for each connection pool and schema search path. It does not
  # keep a pool alive that the application drops: a WeakMap holds its values as weakly as its keys,
  # so the values are numbers.
  #
  # @api private
  class PerDatabase
    def initialize
      @mutex = Mutex.new
      @paths = {}
    end

    # Looks up outside of the lock, because another thread may hold the connection that this one
    # waits for. Two threads that look up at once get the same answer.
    #
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    # @yieldreturn [Integer] the database's answer
    # @return [Integer]
    def fetch(connection)
      known = @mutex.synchronize { @paths[connection.schema_search_path] ||= ObjectSpace::WeakMap.new }
      known[connection.pool] || yield.tap { |found| @mutex.synchronize { known[connection.pool] = found } }
    end

    # Clears the numbers, so that each database is read again.
    #
    # @return [void]
    def reset = @mutex.synchronize { @paths.clear }
  end
end

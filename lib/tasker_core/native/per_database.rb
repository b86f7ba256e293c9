# frozen_string_literal: true

module TaskerCore
  # A number that was found out about each database, once for each connection pool
  # and schema search path. A pool that the application drops is not kept alive from
  # here: a WeakMap holds its values as weakly as its keys, hence numbers alone.
  class PerDatabase
    def initialize
      @mutex = Mutex.new
      @paths = {}
    end

    # Asks outside of the lock: another thread may hold the connection that this one
    # waits for. Two threads that ask at once get the same answer.
    #
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    # @yieldreturn [Integer] what the database says
    # @return [Integer]
    def fetch(connection)
      known = @mutex.synchronize { @paths[connection.schema_search_path] ||= ObjectSpace::WeakMap.new }
      known[connection.pool] || yield.tap { |found| @mutex.synchronize { known[connection.pool] = found } }
    end

    # Forgets what was found, so that a database is asked again.
    #
    # @return [void]
    def reset = @mutex.synchronize { @paths.clear }
  end
end

# frozen_string_literal: true

module TaskerCore
  module Delegation
    # Which rules of readiness each database follows, found out once for each
    # connection pool and schema search path, since both versions of the engine's
    # functions are in use.
    module FunctionVersions
      # No version: a function of the database has a body that nobody knows.
      UNKNOWN = 0
      private_constant :UNKNOWN

      @mutex = Mutex.new
      @pools = {}

      class << self
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        # @return [Integer] 1 or 2
        # @raise [UnknownFunction] where the core must not stand in
        # @raise [DatabaseError] if the database cannot tell
        def of(connection)
          known = pools_of(connection.schema_search_path)
          version = known[connection.pool] || ask(connection, known)
          return version unless version == UNKNOWN

          raise UnknownFunction.new('the rules of readiness in this database are unknown', code: 'unknown_function')
        end

        # Forgets what was found, so that a database is asked again.
        #
        # @return [void]
        def reset = @mutex.synchronize { @pools.clear }

        private

        # Weak: a pool that the application drops is not kept alive from here.
        def pools_of(search_path)
          @mutex.synchronize { @pools[search_path] ||= ObjectSpace::WeakMap.new }
        end

        # Outside of the lock: another thread may hold the connection that this
        # one waits for. Two threads that ask at once get the same answer.
        def ask(connection, known)
          version = TaskerCore.on(connection).readiness_version
          @mutex.synchronize { known[connection.pool] = version }
        rescue UnknownFunction => e
          report(e)
          @mutex.synchronize { known[connection.pool] = UNKNOWN }
        end

        def report(error)
          Reporting.report(
            Report.new(kind: :unknown_function, capability: :dependency_resolution, operation: error.function,
                       message: "#{error.message}. The engine's own methods go on for readiness and execution " \
                                'contexts on this database.', details: { error: }),
            once: error.message
          )
        end
      end
    end
  end
end

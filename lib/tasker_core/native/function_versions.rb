# frozen_string_literal: true

require_relative 'per_database'

module TaskerCore
  # The version of the readiness rules in each database: both versions of the engine's functions are
  # in use.
  #
  # @api private
  module FunctionVersions
    # The value for a database with a function whose body is unknown.
    UNKNOWN = 0
    private_constant :UNKNOWN

    @found = PerDatabase.new

    class << self
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @return [Integer] 1 or 2
      # @raise [UnknownFunction] if the core must not replace the functions
      # @raise [DatabaseError] if the database cannot be read
      def of(connection)
        version = @found.fetch(connection) { ask(connection) }
        return version unless version == UNKNOWN

        raise UnknownFunction.new('the readiness rules of this database are unknown', code: 'unknown_function')
      end

      # Does the same with the caller's own question. If the rules are unknown, the question is
      # asked each time, so that the error names the function.
      #
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @yieldreturn [Integer] the database's answer
      # @return [Integer] 1 or 2
      def found(connection, &ask)
        version = @found.fetch(connection, &ask)
        version == UNKNOWN ? ask.call : version
      end

      # Clears the versions, so that each database is read again.
      #
      # @return [void]
      def reset = @found.reset

      private

      def ask(connection)
        Core.current.call('readiness_version', {}, HostConnection.new(connection))
      rescue UnknownFunction => e
        report(e)
        UNKNOWN
      end

      def report(error)
        Reporting.report(
          Report.new(kind: :unknown_function, capability: :dependency_resolution, operation: error.function,
                     message: "#{error.message}. The engine's own methods are used for readiness and execution " \
                              'contexts in this database.', details: { error: }),
          once: error.message
        )
      end
    end
  end
end

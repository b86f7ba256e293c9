# frozen_string_literal: true

require_relative 'per_database'

module TaskerCore
  # Which rules of readiness each database follows: both versions of the engine's
  # functions are in use.
  module FunctionVersions
    # No version: a function of the database has a body that nobody knows.
    UNKNOWN = 0
    private_constant :UNKNOWN

    @found = PerDatabase.new

    class << self
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @return [Integer] 1 or 2
      # @raise [UnknownFunction] where the core must not stand in
      # @raise [DatabaseError] if the database cannot tell
      def of(connection)
        version = @found.fetch(connection) { ask(connection) }
        return version unless version == UNKNOWN

        raise UnknownFunction.new('the rules of readiness in this database are unknown', code: 'unknown_function')
      end

      # The same for whoever asks by himself: where the rules are unknown, it is asked each
      # time, so that the error says which function it is.
      #
      # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
      # @yieldreturn [Integer] what the database says
      # @return [Integer] 1 or 2
      def found(connection, &ask)
        version = @found.fetch(connection, &ask)
        version == UNKNOWN ? ask.call : version
      end

      # Forgets what was found, so that a database is asked again.
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
                     message: "#{error.message}. The engine's own methods go on for readiness and execution " \
                              'contexts on this database.', details: { error: }),
          once: error.message
        )
      end
    end
  end
end

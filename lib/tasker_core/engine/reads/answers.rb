# frozen_string_literal: true

module TaskerCore
  module Engine
    # Asks the core on the connection of one of the engine's classes, and wraps the rows in that
    # class.
    module Answers
      module_function

      # @param owner [Class] one of the engine's function wrappers
      # @param operation [String]
      # @param arguments [Hash{String => Object}]
      # @return [Array<Object>] instances of owner
      def rows(owner, operation, arguments, connection = owner.connection)
        host = HostConnection.new(connection)
        LazyAttributes.wrap(owner, Table.new(Core.current.call(operation, arguments, host)))
      end

      # Does the same for an operation that depends on the database's readiness rules.
      #
      # @return [Array<Object>]
      # @raise [UnknownFunction] if those rules are unknown
      def versioned_rows(owner, operation, arguments)
        connection = owner.connection
        rows(owner, operation, arguments.merge('function_version' => FunctionVersions.of(connection)), connection)
      end
    end
  end
end

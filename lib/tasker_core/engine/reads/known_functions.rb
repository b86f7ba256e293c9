# frozen_string_literal: true

require_relative '../../native/per_database'

module TaskerCore
  module Engine
    # Knows which functions of a database have a text that the core knows. A changed function has
    # its own rules, so the engine still calls it.
    module KnownFunctions
      @mutex = Mutex.new
      @found = PerDatabase.new
      # The distinct findings: lists of unknown functions' names. Each database refers to one of
      # them by its index.
      @findings = [[].freeze]

      class << self
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        # @param name [String] the function's name, without its arguments
        # @return [void]
        # @raise [UnknownFunction] if its text is unknown; a missing function raises nothing
        # @raise [DatabaseError] if the database cannot be read
        def demand(connection, name)
          return unless @findings[@found.fetch(connection) { ask(connection) }].include?(name)

          raise UnknownFunction.new("the text of #{name} in this database is unknown",
                                    code: 'unknown_function', details: { 'function' => name })
        end

        # Clears the findings, so that each database is read again.
        #
        # @return [void]
        def reset = @found.reset

        private

        def ask(connection)
          unknown = TaskerCore.on(connection).function_versions.select(&:unknown?)
          unknown.each { |function| report(function) }
          place_of(unknown.map { |function| function.name[/\A\w+/] })
        end

        def place_of(names)
          @mutex.synchronize { @findings.index(names) || @findings.push(names.freeze).size.pred }
        end

        def report(function)
          Reporting.report(
            Report.new(kind: :unknown_function, capability: function.capability, operation: function.name,
                       message: "the text of #{function.name} in this database is unknown (MD5 " \
                                "#{function.body_md5}): it was changed, or comes from a newer engine. The engine's " \
                                'own method still calls it.', details: {}),
            once: [function.name, function.body_md5]
          )
        end
      end
    end
  end
end

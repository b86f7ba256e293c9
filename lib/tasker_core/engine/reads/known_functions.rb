# frozen_string_literal: true

require_relative '../../native/per_database'

module TaskerCore
  module Engine
    # Which functions of a database have a text that the core knows. One that somebody
    # changed has rules of its own: the engine goes on asking it.
    module KnownFunctions
      @mutex = Mutex.new
      @found = PerDatabase.new
      # What was found, each once: the names of functions that are unknown. A database
      # has its place in this list.
      @findings = [[].freeze]

      class << self
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        # @param name [String] of the function, without its arguments
        # @return [void]
        # @raise [UnknownFunction] if its text is not known; one that is missing is no
        #   hindrance
        # @raise [DatabaseError] if the database cannot tell
        def demand(connection, name)
          return unless @findings[@found.fetch(connection) { ask(connection) }].include?(name)

          raise UnknownFunction.new("the text of #{name} in this database is not known",
                                    code: 'unknown_function', details: { 'function' => name })
        end

        # Forgets what was found, so that a database is asked again.
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
                       message: "the text of #{function.name} in this database is not known (MD5 " \
                                "#{function.body_md5}): it was changed, or comes from a newer engine. The engine's " \
                                'own method goes on asking it.', details: {}),
            once: [function.name, function.body_md5]
          )
        end
      end
    end
  end
end

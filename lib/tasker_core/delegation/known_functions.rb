# frozen_string_literal: true

module TaskerCore
  module Delegation
    # Which functions of a database have a text that the core knows, found out once
    # for each connection pool and schema search path. One that somebody changed has
    # rules of its own: the engine goes on asking it.
    module KnownFunctions
      @mutex = Mutex.new
      @pools = {}
      # What was found, each once: a WeakMap holds its values as weakly as its keys, so
      # it gets the place in this list.
      @findings = [[].freeze]

      class << self
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        # @param name [String] of the function, without its arguments
        # @return [void]
        # @raise [UnknownFunction] if its text is not known; one that is missing is no
        #   hindrance
        # @raise [DatabaseError] if the database cannot tell
        def demand(connection, name)
          known = pools_of(connection.schema_search_path)
          place = known[connection.pool] || ask(connection, known)
          return unless @findings[place].include?(name)

          raise UnknownFunction.new("the text of #{name} in this database is not known",
                                    code: 'unknown_function', details: { 'function' => name })
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

        def ask(connection, known)
          unknown = TaskerCore.on(connection).function_versions.select(&:unknown?)
          unknown.each { |function| report(function) }
          @mutex.synchronize { known[connection.pool] = place_of(unknown.map { |function| function.name[/\A\w+/] }) }
        end

        def place_of(names)
          @findings.index(names) || @findings.push(names.freeze).size.pred
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

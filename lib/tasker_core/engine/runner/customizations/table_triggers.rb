# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Whether the database itself changes tasks: with triggers or generated columns, which the
      # engine's schema does not have. Then a task's row can have more than was written to it.
      module TableTriggers
        SQL = <<~SQL
          SELECT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal
              AND tgrelid IN ('tasker_tasks'::regclass, 'tasker_task_transitions'::regclass))
            OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'tasker_tasks'::regclass AND attgenerated <> '')
        SQL
        private_constant :SQL

        # Asks again, because the schema has changed.
        #
        # @return [void]
        def self.forget = @known = ObjectSpace::WeakMap.new
        forget

        # Asked once for each pool of connections.
        #
        # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
        # @return [Boolean]
        def self.found?(connection)
          known = @known[connection.pool]
          return known unless known.nil?

          @known[connection.pool] = connection.select_value(SQL, 'TaskerCore table_triggers')
        end
      end
    end
  end
end

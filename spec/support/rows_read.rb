# frozen_string_literal: true

# How many rows the server reads in its tables for a block, as it counts them itself: in a new
# database, which is used like a large one. So its plans depend on nothing that was there before.
module RowsRead
  READ = 'SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables'
  OTHERS = <<~SQL
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  SQL

  class << self
    # Active Record is connected with the new database in the block. Its tables are read by their
    # indexes, small as they are, and nobody gathers statistics meanwhile.
    def in_new_database
      Database.empty do |connection|
        prepare(connection)
        ActiveRecord::Base.establish_connection(Database.config(url: @url, variables: { enable_seqscan: 'off' }))
        yield
      ensure
        ActiveRecord::Base.connection_pool.disconnect!
        Database.connect
      end
    end

    # Connections are closed before and after: a server process hands its counts over at its end.
    #
    # @yield something on connections of Active Record's own
    # @return [Integer]
    def during
      before = read
      yield
      read - before
    end

    private

    def prepare(connection)
      TaskerCore.on(connection).install_schema
      tables = connection.tables.grep(/\Atasker_/)
      tables.each { |table| connection.execute("ALTER TABLE #{table} SET (autovacuum_enabled = false)") }
      @url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      connection.disconnect!
    end

    def read
      ActiveRecord::Base.connection_pool.disconnect!
      connection = PG.connect(@url)
      sleep 0.02 until connection.exec(OTHERS).getvalue(0, 0) == '0'
      connection.exec(READ).getvalue(0, 0).to_i
    ensure
      connection&.close
    end
  end
end

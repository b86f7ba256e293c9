# frozen_string_literal: true

require 'active_record'

# The database of the specs: a real PostgreSQL whose URL bin/test hands over.
module Database
  VARIABLE = 'TASKER_CORE_TEST_DATABASE_URL'
  # So many deleted rows slow down what follows.
  BLOAT = 5_000

  class << self
    # @return [String]
    def url
      ENV.fetch(VARIABLE) { abort "#{VARIABLE} is not set: run bin/test, or bin/postgres with COMMAND" }
    end

    # Connects Active Record and installs the schema where it is missing. The pool
    # is wide enough for specs with many threads.
    def connect
      ActiveRecord::Base.establish_connection(config)
      install_schema unless connection.table_exists?('tasker_tasks')
    end

    # @return [Hash] for establish_connection, here or for a second database
    def config(**changes) = { adapter: 'postgresql', url:, pool: 40, **changes }

    def connection = Tasker::ApplicationRecord.connection

    # Runs a block in a transaction that is taken back: now() stands still in it.
    def rolled_back
      connection.verify!
      connection.transaction(requires_new: true, joinable: false) do
        yield
        raise ActiveRecord::Rollback
      end
    end

    # Empties every table, for examples whose rows other connections must see; also
    # after one whose connection the server ended. Rows are deleted: TRUNCATE writes a new file
    # for each table and index, and waits until they are on the disk.
    def clean
      connection.verify!
      tables = connection.tables.grep(/\Atasker_/)
      deleted = connection.transaction { delete_from(tables) } if superuser?
      connection.execute("TRUNCATE #{tables.join(', ')} CASCADE") unless deleted && deleted < BLOAT
      connection.execute("SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences \
                          WHERE last_value IS NOT NULL AND sequencename LIKE 'tasker_%'")
    end

    # An empty database beside the one of the specs, dropped after the block.
    #
    # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    def empty(&block)
      name = "tasker_core_scratch_#{SecureRandom.hex(4)}"
      Server.run("CREATE DATABASE #{name} TEMPLATE template0")
      elsewhere(url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{name}"), &block)
    ensure
      Server.run("DROP DATABASE IF EXISTS #{name} WITH (FORCE)")
    end

    # A connection of its own, made with the settings that hold now.
    #
    # @yieldparam connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
    def elsewhere(url = self.url, **changes)
      Elsewhere.establish_connection(config(url:, pool: 2, **changes))
      yield Elsewhere.connection
    ensure
      Elsewhere.remove_connection
    end

    private

    # Only superusers may switch foreign keys off.
    def superuser? = connection.select_value('SHOW is_superuser') == 'on'

    # @return [Integer] how many rows there were
    def delete_from(tables)
      connection.execute('SET LOCAL session_replication_role = replica')
      tables.sum { |table| connection.delete("DELETE FROM #{table}") }
    end

    def install_schema
      TaskerCore.on(connection).install_schema
      connection.schema_cache.clear!
    end
  end

  # A second database as Active Record has it: a class with a pool of its own.
  class Elsewhere < ActiveRecord::Base
    self.abstract_class = true
  end

  # Statements that no transaction may surround, on a connection of their own.
  module Server
    def self.run(sql)
      connection = PG.connect(Database.url)
      connection.exec(sql)
    ensure
      connection&.close
    end
  end
end

RSpec.configure do |config|
  # Examples with :database run in a transaction; with database: :committed they
  # commit, and the tables are emptied after them.
  config.around(:each, :database) do |example|
    if example.metadata[:database] == :committed
      begin
        example.run
      ensure
        Database.clean
      end
    else
      Database.rolled_back { example.run }
    end
  end
end

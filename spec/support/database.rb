# frozen_string_literal: true

require 'active_record'

# The database of the specs: a real PostgreSQL whose URL bin/test hands over.
module Database
  VARIABLE = 'TASKER_CORE_TEST_DATABASE_URL'
  DDL = %w[tables views functions].flat_map do |kind|
    Dir[File.expand_path("../../ext/tasker_core/go/schema/ddl/#{kind}/*.sql", __dir__)].sort
  end

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
      connection.transaction(requires_new: true, joinable: false) do
        yield
        raise ActiveRecord::Rollback
      end
    end

    # Empties every table, for examples whose rows other connections must see.
    def clean
      tables = connection.tables.grep(/\Atasker_/)
      connection.execute("TRUNCATE #{tables.join(', ')} RESTART IDENTITY CASCADE")
    end

    # An empty database beside the one of the specs, dropped after the block.
    #
    # @yieldparam url [String]
    def scratch
      name = "tasker_core_scratch_#{SecureRandom.hex(4)}"
      Server.run("CREATE DATABASE #{name} TEMPLATE template0")
      yield url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{name}")
    ensure
      Server.run("DROP DATABASE IF EXISTS #{name} WITH (FORCE)")
    end

    private

    def install_schema
      connection.transaction { DDL.each { |file| connection.raw_connection.exec(File.read(file)) } }
      connection.schema_cache.clear!
    end
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

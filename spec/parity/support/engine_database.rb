# frozen_string_literal: true

require 'pg'
require 'securerandom'
require 'uri'

# A database beside the one that TASKER_CORE_TEST_DATABASE_URL (or DATABASE_URL)
# names, with the schema as the engine's own migrations make it.
module EngineDatabase
  SERVER = ENV['TASKER_CORE_TEST_DATABASE_URL'] || ENV['DATABASE_URL'] ||
           abort('Set TASKER_CORE_TEST_DATABASE_URL to a database of a PostgreSQL server for the parity specs.')
  NAME = "tasker_core_parity_#{SecureRandom.hex(4)}".freeze

  class << self
    def url = SERVER.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{NAME}")

    def create = server("CREATE DATABASE #{NAME} TEMPLATE template0")

    def drop
      ActiveRecord::Base.connection_handler.clear_all_connections!
      server("DROP DATABASE IF EXISTS #{NAME} WITH (FORCE)")
    end

    # @param version [Integer, nil] the last migration to run, nil all
    def migrate(version = nil)
      ActiveRecord::Migration.suppress_messages { migrations.migrate(version) }
      ActiveRecord::Base.connection.schema_cache.clear!
    end

    # The version 1 functions, as an installation has them that was not migrated.
    # DDL takes part in the caller's transaction.
    def install_first_version
      %w[get_step_readiness_status_v01 get_step_readiness_status_batch_v01].each do |name|
        ActiveRecord::Base.connection.execute(Tasker::Engine.root.join("db/functions/#{name}.sql").read)
      end
    end

    private

    def migrations = ActiveRecord::MigrationContext.new(Tasker::Engine.root.join('db/migrate').to_s)

    def server(sql)
      connection = PG.connect(SERVER)
      connection.exec(sql)
    ensure
      connection&.close
    end
  end
end

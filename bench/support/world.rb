# frozen_string_literal: true

require_relative 'application'
require_relative 'spread'

# What the benchmarks of single operations stand on: a database of their own beside
# the one that TASKER_CORE_BENCH_DATABASE_URL names (else TASKER_CORE_TEST_DATABASE_URL
# or DATABASE_URL), the engine where its gem is, and measuring.
#
# With the gem tasker-engine the schema is made by its migrations, and the core is
# compared with its Ruby methods. Without it the schema is the core's own, and the
# comparison is with the core's own text of the SQL functions; every report says
# which.
module World
  VARIABLES = %w[TASKER_CORE_BENCH_DATABASE_URL TASKER_CORE_TEST_DATABASE_URL DATABASE_URL].freeze
  SERVER = ENV.values_at(*VARIABLES).compact.first ||
           abort("Set #{VARIABLES.first} to a database of a PostgreSQL server.")
  NAME = "tasker_core_bench_#{Process.pid}".freeze

  class << self
    # @return [Boolean] whether the real engine is measured
    def engine? = @engine

    # @return [Boolean] whether it is measured beside the core: --core-only leaves it out
    def compared? = engine? && !ARGV.include?('--core-only')

    # @return [Array<String>] whose runs are measured
    def sides = compared? ? %w[engine core] : ['core']

    def connection = (engine? ? Tasker::ApplicationRecord : ActiveRecord::Base).connection

    def client = TaskerCore.on(connection)

    # Runs the block on a new database, and drops it.
    def open
      load_code
      server("CREATE DATABASE #{NAME} TEMPLATE template0")
      install
      puts conditions
      yield
    ensure
      ActiveRecord::Base.connection_handler.clear_all_connections!
      [NAME, *@others].each { |name| server("DROP DATABASE IF EXISTS #{name} WITH (FORCE)") }
    end

    # Creates one more database on the server, dropped with the first.
    #
    # @return [String] its URL
    def another_database(suffix)
      name = "#{NAME}_#{suffix}"
      server("CREATE DATABASE #{name} TEMPLATE template0")
      (@others ||= []) << name
      url(name)
    end

    # @return [Object] what the block gives, with the core under the engine or not
    def switched(switch)
      TaskerCore.configure { |c| c.dependency_resolution = switch }
      yield
    end

    # Measures ways of doing the same, in turns, so that what else the machine does
    # falls on all of them alike.
    #
    # @param ways [Hash{String => Proc}]
    # @param seconds [Numeric] how long all of them may take
    # @return [Hash{String => Spread}] milliseconds
    def compare(ways, seconds: 10)
      ways.each_value { |way| 2.times { way.call } }
      taken = ways.transform_values { [] }
      ending = clock + seconds
      ways.each { |name, way| taken[name] << time(&way) } while clock < ending || taken.values.first.size < 3
      taken.transform_values { |times| Spread.of(times) }
    end

    # Milliseconds of processor time that this process spends on one call.
    def processor_time(times: 20)
      started = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :float_millisecond)
      times.times { |_| yield }
      (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :float_millisecond) - started) / times
    end

    # Prints a table: each way with its times, and how many times the first is slower.
    #
    # @param results [Hash{String => Spread}] milliseconds
    def table(title, results)
      base = results.values.first.median
      puts '', title
      results.each do |name, times|
        puts format('  %-44<name>s %10.3<median>f ms (%<least>.3f to %<most>.3f)  %8.1<ratio>fx',
                    name:, ratio: base / times.median, **times.to_h)
      end
    end

    def execute(sql) = connection.execute(sql)

    private

    def url(name = NAME) = SERVER.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{name}")

    def load_code
      @engine = TaskerEngine.here?
      ENV['RAILS_ENV'] = 'test'
      ENV['DATABASE_URL'] = url
      return if engine?

      require 'active_record'
      BenchApplication.load_core
    end

    def install
      return boot if engine?

      ActiveRecord::Base.establish_connection(ENV.fetch('DATABASE_URL'))
      client.install_schema
    end

    def boot
      BenchApplication.start
      migrations = ActiveRecord::MigrationContext.new(Tasker::Engine.root.join('db/migrate').to_s)
      ActiveRecord::Migration.suppress_messages { migrations.migrate }
      ActiveRecord::Base.connection.schema_cache.clear!
    end

    def conditions
      versions = ["Ruby #{RUBY_VERSION}", "Active Record #{ActiveRecord::VERSION::STRING}",
                  "PostgreSQL #{connection.select_value('SHOW server_version')}", "tasker_core #{TaskerCore::VERSION}"]
      against = if engine?
                  "Compared with the methods of #{TaskerEngine}, unchanged."
                else
                  "tasker-engine is not here: compared with the core's own text of the SQL functions."
                end
      "#{versions.join(', ')}; #{Etc.nprocessors} processors, one process, one connection, " \
        "PostgreSQL on #{SERVER.include?('host=/') ? 'a local socket' : 'the given server'}.\n" \
        "#{against}\nTimes are wall time of one call as its caller sees it: median (least to most)."
    end

    def server(sql)
      require 'pg'
      connection = PG.connect(SERVER)
      connection.exec(sql)
    ensure
      connection&.close
    end

    def time
      started = clock
      yield
      (clock - started) * 1000
    end

    def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end

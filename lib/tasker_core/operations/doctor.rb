# frozen_string_literal: true

# Diagnoses the installation.
module TaskerCore
  class << self
    # Checks this process and its database, and gives advice.
    #
    #   puts TaskerCore.doctor
    #
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter, nil] the database to
    #   check; nil for the engine's, or Active Record's
    # @return [Doctor::Report]
    def doctor(connection: nil) = Doctor.new(connection).examine
  end

  # Checks the implementation, versions, switches, reports and the database.
  class Doctor
    # The oldest supported versions.
    MINIMUM = { 'Ruby' => '3.2', 'Rails' => '7.2', 'PostgreSQL' => '13' }.freeze

    # One result of a check.
    #
    # @!attribute [r] topic
    #   @return [Symbol] :implementation, :versions, :switches, :reports, :relay,
    #     :database, :schema or :functions
    # @!attribute [r] level
    #   @return [Symbol] :ok, :note or :problem
    # @!attribute [r] text
    #   @return [String] the result
    # @!attribute [r] advice
    #   @return [String, nil] what to do about it
    Finding = Data.define(:topic, :level, :text, :advice) do
      def initialize(topic:, level:, text:, advice: nil) = super

      def to_s
        mark = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' }.fetch(level)
        ["#{mark} #{topic}: #{text}", *("        -> #{advice}" if advice)].join("\n")
      end
    end

    # The results of all checks.
    #
    # @!attribute [r] findings
    #   @return [Array<Finding>]
    Report = Data.define(:findings) do
      # @return [Boolean] whether no problem was found
      def healthy? = findings.none? { |finding| finding.level == :problem }

      # @return [Hash{Symbol => Object}] :healthy and :findings, for logs and monitors
      def to_h = { healthy: healthy?, findings: findings.map(&:to_h) }

      def to_s = findings.join("\n")
    end

    # @see TaskerCore.doctor
    def initialize(connection = nil)
      @connection = connection
      @findings = []
    end

    # @api private
    # @return [Report]
    def examine
      implementation
      versions
      switches
      reports
      relay
      database
      Report.new(findings: @findings)
    end

    private

    def found(topic, level, text, advice = nil)
      @findings << Finding.new(topic:, level:, text:, advice:)
    end

    def implementation
      return found(:implementation, :ok, 'native: the Go core answers') if TaskerCore.implementation == :native

      found(:implementation, :problem, "ruby: #{TaskerCore.unavailable_reason}",
            "The engine's own Ruby does all the work.#{" #{remedy}" if remedy}")
    rescue Unavailable => e
      found(:implementation, :problem, "forced to native, which is not available: #{e.message}",
            [remedy, 'Or unset TASKER_CORE_IMPLEMENTATION.'].compact.join(' '))
    end

    # Advises to build the library only if it is missing and wanted.
    def remedy = Installation.library || ENV[Library::FORCED] == 'ruby' ? nil : Installation.remedy

    def versions
      found(:versions, :ok, "tasker_core #{VERSION}, tasker-engine #{engine_version || 'not loaded'}")
      engine
      version('Ruby', RUBY_VERSION)
      version('Rails', Rails::VERSION::STRING) if defined?(::Rails::VERSION)
    end

    def version(name, have, topic = :versions)
      minimum = MINIMUM.fetch(name)
      return found(topic, :ok, "#{name} #{have}") if Gem::Version.new(have) >= Gem::Version.new(minimum)

      found(topic, :problem, "#{name} #{have}", "#{name} #{minimum} or newer is needed.")
    end

    # A program without Rails does not need the engine.
    def engine
      return if Engine.here? || !(defined?(::Rails) && ::Rails.respond_to?(:application) && ::Rails.application)

      found(:versions, :problem, 'the gem tasker-engine is not loaded in this application, so the core has nothing ' \
                                 'to take over', Engine::ADVICE)
    end

    def engine_version = defined?(::Tasker::VERSION) ? ::Tasker::VERSION : nil

    def switches
      settings = TaskerCore.configuration.to_h.slice(*Configuration.switches)
      settings.each { |name, setting| found(:switches, :ok, "#{name} is :#{setting}") }
      return unless settings.values.all?(:off)

      found(:switches, :note, 'every capability is off, so the core does nothing',
            'Set dependency_resolution to :shadow in config/initializers/tasker_core.rb, and to :active once nothing ' \
            'is reported.')
    end

    def reports
      Reporting.counts.each do |(capability, kind), count|
        found(:reports, kind == :difference ? :problem : :note, "#{capability}: #{kind} #{count} times in this process",
              'See the log, or the reports that on_report received.')
      end
    end

    def relay
      return unless TaskerCore.configuration.event_relay && TaskerCore.implementation == :native

      stats = TaskerCore.relay_stats
      name = TaskerCore.configuration.event_relay_channel
      unless stats[:failure].empty?
        return found(:relay, stats[:listening] ? :note : :problem, "channel #{name}: #{stats[:failure]}",
                     'The core must reach the application\'s database, or event_relay_url, without a pooler.')
      end

      found(:relay, :ok, "channel #{name}: #{stats[:listening] ? 'listening' : 'nobody subscribes in this process'}")
    end

    def database
      return found(:database, :note, 'no connection', 'Pass one: TaskerCore.doctor(connection:).') unless connection

      server
      schema if TaskerCore.implementation == :native
    rescue Error, database_errors => e
      found(:database, :problem, e.message, 'Check that the database can be reached with the application\'s settings.')
    end

    def database_errors = defined?(::ActiveRecord::ActiveRecordError) ? ::ActiveRecord::ActiveRecordError : Error

    def connection
      @connection ||= connection_class&.connection
    end

    def connection_class
      return ::Tasker::ApplicationRecord if defined?(::Tasker::ApplicationRecord)

      return unless defined?(::ActiveRecord::Base)

      ::ActiveRecord::Base if ::ActiveRecord::Base.connection_handler.connection_pool_list(:all).any?
    end

    def server
      found(:database, :ok, "#{connection.select_value('SELECT current_database()')}, " \
                            "schema #{connection.select_value('SELECT current_schema()')}")
      version('PostgreSQL', connection.select_value('SHOW server_version')[/\A[\d.]+/], :database)
    end

    def schema
      check = TaskerCore.on(connection).check_schema
      differences(check)
      bodies(check)
      check.unknown_functions.each { |function| unknown(function) }
    end

    def differences(check)
      check.harmful.each do |difference|
        found(:schema, :problem, difference.message, "Run the engine's migrations, or undo the change.")
      end
      return unless check.harmful.empty?

      extra = check.differences.size
      found(:schema, :ok, extra.zero? ? 'as expected' : "as expected, with #{extra} additions of the application")
    end

    def bodies(check)
      known = check.functions.select(&:known?)
      versions = known.map(&:version).tally.map { |version, count| "#{count} of #{version}" }
      found(:functions, :ok, "#{versions.join(', ')} (including the view)") if known.any?
      return if check.consistent?

      found(:functions, :problem, 'get_step_readiness_status and its batch function follow different versions',
            "Run the engine's migrations: one of them was only half undone.")
    end

    def unknown(function)
      found(:functions, :problem, "#{function.name} has an unknown text",
            "#{function.capability} leaves it to the engine. Install the text of tasker-engine 0.1.0 or of " \
            'tasker_core to have the core replace it.')
    end
  end
end

# frozen_string_literal: true

require_relative 'native/nearest'
require_relative 'secret'

module TaskerCore
  # The settings of this process. Each is declared once, below: its default, the
  # values that it takes and what it is for. In Rails the same object is
  # +config.tasker_core+.
  class Configuration
    # One setting.
    #
    # @!attribute [r] name
    #   @return [Symbol]
    # @!attribute [r] default
    #   @return [Object]
    # @!attribute [r] allowed
    #   @return [Array, #===] the values it takes: a list, or anything that answers ===
    # @!attribute [r] values
    #   @return [String] the same in words, for error messages
    # @!attribute [r] core
    #   @return [Boolean] whether the Go core gets it when it is opened (go/config/config.go)
    # @!attribute [r] secret
    #   @return [Boolean] whether a value may hold a password, and is shown nowhere
    # @!attribute [r] doc
    #   @return [String]
    Setting = Data.define(:name, :default, :allowed, :values, :core, :secret, :doc) do
      # @param value [Object]
      # @return [Object] the value as it is kept: symbols for names, a Secret for what is one
      # @raise [ConfigurationError] for a value that the setting does not take
      def accept(value)
        listed = allowed.is_a?(Array)
        value = value.to_sym if listed && value.is_a?(String)
        refuse(value) unless listed ? allowed.include?(value) : allowed === value # rubocop:disable Style/CaseEquality

        secret && value ? Secret.new(value) : value
      end

      private

      def refuse(value)
        given = secret ? "an object of #{value.class}" : value.inspect
        raise ConfigurationError.new("#{name} is #{given}; it must be #{values}", code: 'configuration')
      end
    end

    # What a capability's switch can be.
    SWITCHES = %i[off shadow active].freeze

    TEXT = ->(value) { value.nil? || (value.is_a?(String) && !value.empty?) }
    RATIO = ->(value) { value.nil? || (value.is_a?(Numeric) && value.between?(0, 1)) }
    SECONDS = ->(value) { value.is_a?(Numeric) && value.between?(0, 3600) }
    DESTINATION = ->(value) { %i[stderr rails].include?(value) || (value.is_a?(String) && value.start_with?('/')) }
    private_constant :TEXT, :RATIO, :SECONDS, :DESTINATION

    @settings = {}

    class << self
      # @return [Hash{Symbol => Setting}] every setting, in the order of declaration
      attr_reader :settings

      # Declares a setting and its accessors.
      #
      # @param name [Symbol]
      # @param default [Object]
      # @param allowed [Array, #===]
      # @param doc [String]
      # @param values [String] the allowed values in words
      # @param core [Boolean]
      # @param secret [Boolean]
      def setting(name, default:, allowed:, doc:, values: one_of(allowed), core: false, secret: false)
        declared = Setting.new(name:, default:, allowed:, values:, core:, secret:, doc:)
        @settings[name] = declared
        define_method(name) { Secret.reveal(@values[name]) }
        define_method(:"#{name}=") { |value| @values[name] = declared.accept(value) }
      end

      # Declares the switch of a capability. Where somebody asks the engine alone
      # (Engine.switched_off) it is read as :off.
      #
      # @param name [Symbol]
      # @param doc [String]
      def switch(name, doc:)
        setting(name, default: :off, allowed: SWITCHES, doc:)
        define_method(name) { Engine.switched_off? ? :off : @values[name] }
      end

      # @return [Array<Symbol>] the capabilities that have a switch
      def switches = @settings.each_value.select { |setting| setting.allowed.equal?(SWITCHES) }.map(&:name)

      private

      def one_of(allowed) = "one of #{allowed.map(&:inspect).join(', ')}"
    end

    switch :dependency_resolution,
           doc: 'Step readiness, execution contexts, dependency levels, DAG rows and analytics.'
    switch :state_transitions,
           doc: 'The state machines of tasks and steps.'
    switch :orchestration,
           doc: 'The loop that finds steps, runs their handlers and finalizes a task.'

    # Repairs of the engine, for delegated runs. docs/COMPATIBILITY.md describes each.
    setting :retry_failed_steps, default: true, allowed: [true, false],
                                 doc: 'A failed step goes back to pending after its backoff and runs again.'
    setting :permanent_errors_final, default: true, allowed: [true, false],
                                     doc: 'A step that raised PermanentError is never retried.'
    setting :record_failed_completions, default: true, allowed: [true, false],
                                        doc: 'A result that cannot be saved fails its step, so none is left behind.'
    setting :enforce_timeouts, default: true, allowed: [true, false],
                               doc: 'A step that exceeds the batch timeout fails, and its late result is refused.'
    setting :resume_interrupted_tasks, default: true, allowed: [true, false],
                                       doc: 'A job may resume a task that an interrupted run has left in_progress.'
    setting :reenqueue_unfinished_tasks, default: true, allowed: [true, false],
                                         doc: 'A run that must wait sets its task pending and enqueues one job.'
    setting :honour_concurrency_limits, default: true, allowed: [true, false],
                                        doc: "The engine's configuration limits how many steps run at the same time."

    setting :deduplicate_events, default: false, allowed: [true, false],
                                 doc: 'Publish one event where the engine publishes two or three for the same change.'
    setting :event_bridge, default: false, allowed: [true, false],
                           doc: "Deliver the engine's events to TaskerCore.subscribe in this process."
    setting :event_relay, default: false, allowed: [true, false], core: true,
                          doc: 'Exchange events with other processes, by LISTEN and NOTIFY of PostgreSQL.'
    setting :event_relay_channel, default: 'tasker_core_events', core: true,
                                  allowed: ->(value) { value.is_a?(String) && value.bytesize.between?(1, 63) },
                                  values: 'a text of 1 to 63 bytes',
                                  doc: 'The NOTIFY channel. Processes with the same channel exchange events.'
    setting :event_relay_url, default: nil, allowed: TEXT, core: true, secret: true,
                              values: 'nil or the text of a URL such as postgresql://user@host/database',
                              doc: "Where to LISTEN, not through PgBouncer. nil: the application's database."
    setting :event_relay_names, default: ['*'].freeze, core: true,
                                allowed: ->(value) { value.is_a?(Array) && value.any? && value.all?(String) },
                                values: "a list of names (step.completed), prefixes (step.*), or ['*']",
                                doc: 'Which events are sent to other processes.'

    setting :external_steps_recheck_seconds, default: nil,
                                             allowed: ->(value) { value.nil? || (value.is_a?(Integer) && value >= 0) },
                                             values: 'nil for the engine\'s own delay, 0 for never, or seconds',
                                             doc: 'Seconds between checks of tasks that wait for a worker.'

    setting :log_subscriber, default: false, allowed: [true, false],
                             doc: 'Log sessions, claims, completions and transitions in the Rails log at level debug.'

    setting :log_level, default: :warn, allowed: %i[debug info warn error off], core: true,
                        doc: 'The lowest level that the Go core logs.'
    setting :log_destination, default: :stderr, allowed: DESTINATION, core: true,
                              values: ':stderr, :rails or the absolute path of a file',
                              doc: "Where the core's log lines go."
    setting :log_format, default: :json, allowed: %i[json console], core: true,
                         doc: "The format of the core's log lines."
    setting :tracing, default: :off, allowed: %i[off on], core: true,
                      doc: 'Send spans over OTLP/HTTP. The OTEL_ variables apply: docs/TELEMETRY.md.'
    setting :service_name, default: nil, allowed: TEXT, values: 'nil or a text', core: true,
                           doc: "The service name of the spans. nil: OTEL_SERVICE_NAME, otherwise the engine's."
    setting :otlp_endpoint, default: nil, allowed: TEXT, core: true, secret: true,
                            values: 'nil or the text of a URL such as http://localhost:4318',
                            doc: 'Where spans go. nil: OTEL_EXPORTER_OTLP_ENDPOINT.'
    setting :trace_sample_ratio, default: nil, allowed: RATIO,
                                 values: 'nil or a number between 0 and 1', core: true,
                                 doc: 'The share of new traces that is kept, 0 to 1. nil: OTEL_TRACES_SAMPLER.'
    setting :slow_statement_seconds, default: 1.0, allowed: SECONDS,
                                     values: 'a number of seconds, 0 for never', core: true,
                                     doc: 'Statements of the core that take longer than this are logged.'
    setting :max_procs, default: 2, allowed: ->(value) { value.is_a?(Integer) && value >= 0 }, core: true,
                        values: 'an Integer, 0 for no cap, or above',
                        doc: 'How many processors the Go runtime uses at the same time. 0: no limit.'
    setting :max_sessions, default: 10_000, allowed: ->(value) { value.is_a?(Integer) && value.positive? }, core: true,
                           values: 'an Integer of 1 or above',
                           doc: 'The largest number of task runs open at the same time.'
    setting :on_report, default: nil, allowed: ->(value) { value.nil? || value.respond_to?(:call) },
                        values: 'nil or something that can be called with a TaskerCore::Report',
                        doc: 'Called with failures of the core and differences in shadow mode. nil: log them.'

    def initialize
      @values = self.class.settings.transform_values(&:default)
      @applied = core_settings.hash
    end

    # @return [Hash{Symbol => Object}] every setting with its value; of one that may hold a
    #   password a Secret, which does not show it
    def to_h = @values.dup

    # @return [String] without passwords
    def inspect = "#<#{self.class} #{to_h.map { |name, value| "#{name}=#{value.inspect}" }.join(' ')}>"

    # @return [Hash{String => Object}] what the core itself needs to know
    def core_settings
      self.class.settings.each_value.select(&:core).to_h do |setting|
        value = Secret.reveal(@values[setting.name])
        [setting.name.name, value.is_a?(Symbol) ? value.name : value]
      end
    end

    # Somebody's typo is named like any other mistake.
    #
    # @raise [ConfigurationError] for a setting that there is not
    def method_missing(name, *arguments)
      return super unless name.end_with?('=') && arguments.size == 1

      wanted = name[0..-2]
      meant = Nearest.of(wanted, self.class.settings.keys)
      raise ConfigurationError.new("there is no setting #{wanted}#{"; did you mean #{meant}?" if meant}",
                                   code: 'configuration')
    end

    # There are no others than those that are declared.
    def respond_to_missing?(_name, _include_private = false) = false

    # Puts the settings into effect: at once where the engine is loaded, else when
    # it is (the railtie calls this again after each load of the application).
    # A core that was opened with other settings is closed; the next use opens
    # another.
    #
    # @return [void]
    def apply
      Core.reset if @applied != core_settings.hash
      @applied = core_settings.hash
      Tracing.apply(self)
      LogSubscriber.switch(log_subscriber) if defined?(::ActiveSupport::LogSubscriber)
      Engine.apply(self)
    end
  end
end

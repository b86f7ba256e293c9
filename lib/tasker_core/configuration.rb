# frozen_string_literal: true

require_relative 'native/nearest'
require_relative 'secret'

module TaskerCore
  # The settings of this process. Each is declared in generated/settings.rb: its default,
  # the values that it takes and what it is for. In Rails the same object is
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

    # What fits the types of settings that have no list of values.
    TYPES = {
      integer: ->(value) { value.is_a?(Integer) },
      number: ->(value) { value.is_a?(Numeric) },
      text: ->(value) { value.is_a?(String) && !value.empty? },
      texts: ->(value) { value.is_a?(Array) && value.any? && value.all?(String) },
      destination: ->(value) { %i[stderr rails].include?(value) || (value.is_a?(String) && value.start_with?('/')) },
      callable: ->(value) { value.respond_to?(:call) }
    }.freeze
    private_constant :TYPES

    @settings = {}

    class << self
      # @return [Hash{Symbol => Setting}] every setting, in the order of declaration
      attr_reader :settings

      # Declares a setting and its accessors.
      #
      # @param name [Symbol]
      # @param type [Symbol, Array] boolean, one of TYPES, or the values themselves
      # @param default [Object] nil where the setting may be nil
      # @param doc [String]
      # @param within [Range, nil] of numbers, or of a text's bytes
      # @param values [String] the allowed values in words
      # @param core [Boolean]
      # @param secret [Boolean]
      def setting(name, type:, default:, doc:, within: nil, values: nil, core: false, secret: false)
        type = [true, false] if type == :boolean
        allowed = type.is_a?(Array) ? type : test(TYPES.fetch(type), within, default.nil?)
        declared = Setting.new(name:, default:, allowed:, values: values || one_of(type), core:, secret:, doc:)
        @settings[name] = declared
        define_method(name) { Secret.reveal(@values[name]) }
        define_method(:"#{name}=") { |value| @values[name] = declared.accept(value) }
      end

      # Declares the switch of a capability. Where somebody asks the engine alone
      # (Engine.switched_off) it is read as :off.
      #
      # @param name [Symbol]
      # @param default [Symbol]
      # @param doc [String]
      def switch(name, default:, doc:)
        setting(name, type: SWITCHES, default:, doc:)
        define_method(name) { Engine.switched_off? ? :off : @values[name] }
      end

      # @return [Array<Symbol>] the capabilities that have a switch
      def switches = @settings.each_value.select { |setting| setting.allowed.equal?(SWITCHES) }.map(&:name)

      private

      def one_of(allowed) = "one of #{allowed.map(&:inspect).join(', ')}"

      def test(fits, within, optional)
        lambda do |value|
          next true if optional && value.nil?

          fits.call(value) && (within.nil? || within.cover?(value.is_a?(String) ? value.bytesize : value))
        end
      end
    end

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

require_relative 'generated/settings'

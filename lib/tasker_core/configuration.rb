# frozen_string_literal: true

require_relative 'native/nearest'
require_relative 'secret'

module TaskerCore
  # The settings of this process. generated/settings.rb declares each with its default, its accepted
  # values and a description. In Rails, +config.tasker_core+ is the same object.
  class Configuration
    # A declared setting.
    #
    # @!attribute [r] name
    #   @return [Symbol]
    # @!attribute [r] default
    #   @return [Object]
    # @!attribute [r] allowed
    #   @return [Array, #===] the accepted values: a list, or an object that answers ===
    # @!attribute [r] values
    #   @return [String] the accepted values in words, for error messages
    # @!attribute [r] core
    #   @return [Boolean] whether the Go core receives it when it is opened (go/config/config.go)
    # @!attribute [r] secret
    #   @return [Boolean] whether its value may hold a password and is never shown
    # @!attribute [r] doc
    #   @return [String] the description
    Setting = Data.define(:name, :default, :allowed, :values, :core, :secret, :doc) do
      # @param value [Object]
      # @return [Object] the value in the form that is stored: a Symbol for a name, a Secret for a
      #   secret setting
      # @raise [ConfigurationError] if the setting does not accept the value
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

    # The values of a capability's switch.
    SWITCHES = %i[off shadow active].freeze

    # The values accepted by the types of settings without a list of values.
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
      # @api private
      # @param name [Symbol]
      # @param type [Symbol, Array] :boolean, a key of TYPES, or the accepted values
      # @param default [Object] nil if the setting may be nil
      # @param doc [String]
      # @param within [Range, nil] the range of a number, or of a text's length in bytes
      # @param values [String] the accepted values in words
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

      # Declares a capability's switch. Inside Engine.switched_off it reads as :off.
      #
      # @api private
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

    # @return [Hash{Symbol => Object}] every setting with its value; a secret value is a Secret,
    #   which does not show itself
    def to_h = @values.dup

    # @return [String] the settings without secrets
    def inspect = "#<#{self.class} #{to_h.map { |name, value| "#{name}=#{value.inspect}" }.join(' ')}>"

    # @api private
    # @return [Hash{String => Object}] the settings that the core receives
    def core_settings
      self.class.settings.each_value.select(&:core).to_h do |setting|
        value = Secret.reveal(@values[setting.name])
        [setting.name.name, value.is_a?(Symbol) ? value.name : value]
      end
    end

    # Reports an unknown setting.
    #
    # @raise [ConfigurationError] always
    def method_missing(name, *arguments)
      return super unless name.end_with?('=') && arguments.size == 1

      wanted = name[0..-2]
      meant = Nearest.of(wanted, self.class.settings.keys)
      raise ConfigurationError.new("unknown setting #{wanted}#{"; did you mean #{meant}?" if meant}",
                                   code: 'configuration')
    end

    # @return [Boolean] false, because only declared settings have accessors
    def respond_to_missing?(_name, _include_private = false) = false

    # Puts the settings into effect: at once if the engine is loaded, otherwise when it is loaded
    # (the railtie calls this method after each load of the application). It closes a core that was
    # opened with other settings; the next call opens a new core.
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

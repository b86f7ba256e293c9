# frozen_string_literal: true

module TaskerCore
  # The settings of this process.
  class Configuration
    # What a capability's switch can be.
    SWITCHES = %i[off shadow active].freeze

    # @!attribute [r] dependency_resolution
    #   @return [Symbol] :off, :shadow or :active
    attr_reader :dependency_resolution

    def initialize
      @dependency_resolution = :off
    end

    # @param value [Symbol, String] :off, :shadow or :active
    # @raise [ConfigurationError] for anything else
    def dependency_resolution=(value)
      @dependency_resolution = switch(:dependency_resolution, value)
    end

    # @return [Hash{String => Object}] what the core itself needs to know
    def core_settings = {}

    # Puts the settings into effect.
    #
    # @return [void]
    def apply; end

    private

    def switch(name, value)
      return value.to_sym if SWITCHES.include?(value.to_s.to_sym)

      raise ConfigurationError.new("#{name} is #{value.inspect}; it must be one of #{SWITCHES.map(&:inspect).join(', ')}",
                                   code: 'configuration')
    end
  end
end

# frozen_string_literal: true

require_relative 'go_regexp'

module TaskerCore
  # The application's parameter filter. Values that it hides in the application's logs stay hidden
  # in the core's logs and spans. It is the engine's filter (telemetry.filter_parameters) if the
  # engine has one, otherwise the filter of Rails (config.filter_parameters).
  #
  # @api private
  class Filter
    # The replacement for a hidden value, unless the engine has another.
    MASK = '[FILTERED]'

    class << self
      # @return [Filter] the filter of the current settings
      def current
        parameters = parameters_of_engine || parameters_of_rails || []
        mask = engine.respond_to?(:filter_mask) ? engine.filter_mask : MASK
        return @current if @current&.same?(parameters, mask)

        @current = new(parameters, mask)
      end

      private

      def engine = defined?(::Tasker::Configuration) ? ::Tasker.configuration.telemetry : nil

      def parameters_of_engine = engine.respond_to?(:filter_parameters) ? engine.filter_parameters : nil

      def parameters_of_rails
        return unless defined?(::Rails) && ::Rails.respond_to?(:application) && ::Rails.application

        ::Rails.application.config.filter_parameters
      end
    end

    # @param parameters [Array<Symbol, String, Regexp, Proc>] in the form of Rails
    # @param mask [String]
    def initialize(parameters, mask = MASK)
      @parameters = parameters.dup
      @mask = mask
      @hidden = {}
      @plain = @parameters.none?(Proc)
      @filter = @parameters.any? ? ActiveSupport::ParameterFilter.new(@parameters, mask:) : nil
    end

    # @return [Boolean] whether this filter has these parameters
    def same?(parameters, mask) = @mask == mask && @parameters == parameters

    # @param name [String]
    # @param value [Object]
    # @return [Object] the value, or the mask
    def value(name, value)
      return value unless @filter
      return @filter.filter_param(name, value) unless @plain && value.is_a?(String)

      hidden?(name) ? @mask : value
    rescue StandardError
      # A proc that raises must not disturb the caller.
      @mask
    end

    # The same filter for the core, which filters its log lines itself. For parameters that Go
    # cannot express (procs, regular expressions with look-around), the core leaves arguments out.
    #
    # @return [Hash{String => Object}] see go/config/telemetry.go
    def for_core
      procs, others = @parameters.partition { |parameter| parameter.is_a?(Proc) }
      regexps, texts = others.partition { |parameter| parameter.is_a?(Regexp) }
      translated = regexps.map { |regexp| GoRegexp.of(regexp) }
      { 'texts' => texts.map(&:to_s), 'regexps' => translated.compact, 'mask' => @mask,
        'opaque' => procs.any? || translated.include?(nil) }
    end

    private

    # Without procs, the name alone decides.
    def hidden?(name)
      @hidden.fetch(name) { @hidden[name] = @filter.filter_param(name, '') == @mask }
    end
  end
end

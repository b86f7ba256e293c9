# frozen_string_literal: true

module TaskerCore
  module Tracing
    # Names attributes and filters their values, by the settings at the start of each trace.
    #
    # @api private
    class Naming
      # The maximum number of characters of a value.
      LONGEST = 1000
      private_constant :LONGEST

      # @return [Naming] the naming of the current settings
      def self.current
        prefix = defined?(::Tasker::Configuration) ? ::Tasker.configuration.telemetry.service_name : 'tasker'
        filter = Filter.current
        return @current if @current&.same?(prefix, filter)

        @current = new(prefix, filter)
      end

      # @param prefix [String] the prefix of every name: the engine's service name
      # @param filter [Filter]
      def initialize(prefix, filter)
        @prefix = prefix
        @filter = filter
        @names = {}
      end

      # @return [Boolean] whether this naming belongs to these settings
      def same?(prefix, filter) = @prefix == prefix && @filter.equal?(filter)

      # @param name [String]
      # @return [String] the attribute's name
      def name(name) = @names[name] ||= "#{@prefix}.#{name}".freeze

      # @param name [String]
      # @param value [Object]
      # @return [String] the value to send: short, readable and filtered
      def text(name, value) = @filter.value(name, value.is_a?(Integer) ? value.to_s : readable(value.to_s))

      private

      def readable(text)
        text = text.encode('UTF-8', invalid: :replace, undef: :replace) unless text.encoding == Encoding::UTF_8
        text = text.scrub unless text.valid_encoding?
        text.size > LONGEST ? text[0, LONGEST] : text
      rescue EncodingError
        "a text in #{text.encoding}"
      end
    end
  end
end

# frozen_string_literal: true

require_relative '../native/errors'

module TaskerCore
  # Checks limits, ages and waiting times before they cross to the core. A text is no
  # number, whatever it says.
  module Numbers
    # What PostgreSQL's bigint and integer take at most.
    MOST = (2**63) - 1
    MOST_SECONDS = (2**31) - 1
    private_constant :MOST, :MOST_SECONDS

    private

    # @param value [Integer, nil] how many at most; nil for all
    # @return [Integer, nil]
    # @raise [InvalidArgument] for what is no integer from 0
    def limit(value)
      return value if value.nil? || (value.is_a?(Integer) && value.between?(0, MOST))

      raise InvalidArgument.new("limit is #{value.inspect}; it must be an integer from 0, or nil for all",
                                code: 'invalid_argument')
    end

    # @param value [Numeric, ActiveSupport::Duration]
    # @param most [Numeric] seconds
    # @return [Float, nil] nil for what is no number of seconds from 0 to so many
    def seconds(value, most)
      return if value.nil? || value.is_a?(String)

      number = Float(value)
      number if number.between?(0, most)
    rescue TypeError, ArgumentError, RangeError
      nil
    end

    # @param value [Numeric, ActiveSupport::Duration] seconds to wait
    # @return [Integer] whole seconds, never fewer than asked for
    # @raise [InvalidArgument] for what is no number of seconds
    def whole_seconds(value)
      seconds(value, MOST_SECONDS)&.ceil ||
        raise(InvalidArgument.new("retry_after is #{value.inspect}; it must be seconds from 0 to #{MOST_SECONDS}",
                                  code: 'invalid_argument'))
    end
  end
end

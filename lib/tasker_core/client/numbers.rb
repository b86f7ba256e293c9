# frozen_string_literal: true

require_relative '../native/errors'

module TaskerCore
  # Checks limits, ages and delays before they are passed to the core. A String is not accepted as a
  # number.
  #
  # @api private
  module Numbers
    # The largest values of PostgreSQL's bigint and integer.
    MOST = (2**63) - 1
    MOST_SECONDS = (2**31) - 1
    private_constant :MOST, :MOST_SECONDS

    private

    # @param value [Integer, nil] a maximum; nil for no limit
    # @return [Integer, nil]
    # @raise [InvalidArgument] if the value is not an integer of 0 or more
    def limit(value)
      return value if value.nil? || (value.is_a?(Integer) && value.between?(0, MOST))

      raise InvalidArgument.new("limit is #{value.inspect}; it must be an integer of 0 or more, or nil for no limit",
                                code: 'invalid_argument')
    end

    # @param value [Numeric, ActiveSupport::Duration]
    # @param most [Numeric] seconds
    # @return [Float, nil] nil if the value is not a number of seconds from 0 to most
    def seconds(value, most)
      return if value.nil? || value.is_a?(String)

      number = Float(value)
      number if number.between?(0, most)
    rescue TypeError, ArgumentError, RangeError
      nil
    end

    # @param value [Numeric, ActiveSupport::Duration] seconds to wait
    # @return [Integer] whole seconds, rounded up
    # @raise [InvalidArgument] if the value is not a number of seconds in range
    def whole_seconds(value)
      seconds(value, MOST_SECONDS)&.ceil ||
        raise(InvalidArgument.new("retry_after is #{value.inspect}; it must be seconds from 0 to #{MOST_SECONDS}",
                                  code: 'invalid_argument'))
    end
  end
end

# frozen_string_literal: true

require_relative 'errors'

module TaskerCore
  # Checks ids before they are passed to the core.
  #
  # @api private
  module Ids
    # The range of PostgreSQL's bigint.
    BIGINT = (-(2**63)..((2**63) - 1))
    private_constant :BIGINT

    private

    # @raise [InvalidArgument] if the value is not an integer, or too large for a bigint
    def id(value)
      return value if value.is_a?(Integer) && BIGINT.cover?(value)

      reason = value.is_a?(Integer) ? ': it is larger than a bigint' : '; it must be an integer'
      raise InvalidArgument.new("#{value.inspect} is not an id#{reason}", code: 'invalid_argument')
    end

    # @raise [InvalidArgument] if the value is not a list of ids
    def ids(values)
      return values.map { |value| id(value) } if values.respond_to?(:map)

      raise InvalidArgument.new("#{values.inspect} is not a list of ids", code: 'invalid_argument')
    end
  end
end

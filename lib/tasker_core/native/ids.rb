# frozen_string_literal: true

require_relative 'errors'

module TaskerCore
  # Checks ids before they cross to the core.
  module Ids
    # What PostgreSQL's bigint takes.
    BIGINT = (-(2**63)..((2**63) - 1))
    private_constant :BIGINT

    private

    # @raise [InvalidArgument] for what is no integer, or larger than a bigint
    def id(value)
      return value if value.is_a?(Integer) && BIGINT.cover?(value)

      reason = value.is_a?(Integer) ? ': it is larger than a bigint' : '; it must be an integer'
      raise InvalidArgument.new("#{value.inspect} is no id#{reason}", code: 'invalid_argument')
    end

    # @raise [InvalidArgument] for what is no list, or has something in it that is no id
    def ids(values)
      return values.map { |value| id(value) } if values.respond_to?(:map)

      raise InvalidArgument.new("#{values.inspect} is no list of ids", code: 'invalid_argument')
    end
  end
end

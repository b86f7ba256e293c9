# frozen_string_literal: true

module TaskerCore
  module Engine
    # Which arguments the core takes. The engine passes whatever it gets to
    # PostgreSQL; all but plain ids goes there still, for its answer or exception.
    module Arguments
      # What a bigint holds.
      IDS = (-(2**63)..((2**63) - 1))

      module_function

      # @param value [Object]
      # @return [Boolean]
      def id?(value) = value.is_a?(Integer) && IDS.cover?(value)

      # @param value [Object]
      # @return [Boolean]
      def ids?(value) = value.instance_of?(Array) && value.all? { |id| id?(id) }
    end
  end
end

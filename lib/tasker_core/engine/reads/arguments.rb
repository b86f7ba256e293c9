# frozen_string_literal: true

module TaskerCore
  module Engine
    # Decides which arguments the core takes. The engine passes any argument to PostgreSQL;
    # everything but plain ids still goes there, for its answer or exception.
    module Arguments
      # The range of a bigint.
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

# frozen_string_literal: true

module TaskerCore
  # The results of a step that failed, as the engine has them.
  module Failure
    module_function

    # @param error [Exception, String]
    # @return [Hash{String => String}] error, and of an exception error_class and
    #   backtrace
    def fields(error)
      return { 'error' => error.to_s } unless error.is_a?(Exception)

      { 'error' => error.to_s, 'error_class' => error.class.name, 'backtrace' => Array(error.backtrace).join("\n") }
    end
  end
end

# frozen_string_literal: true

# Stands in for lib/tasker/errors.rb.
module Tasker
  class Error < StandardError; end
  class ConfigurationError < Error; end
  class ProceduralError < Error; end

  # A step handler asks to be run again.
  class RetryableError < ProceduralError
    attr_reader :retry_after, :context

    def initialize(message, retry_after: nil, context: {})
      super(message)
      @retry_after = retry_after
      @context = context
    end
  end

  # A step handler asks never to be run again.
  class PermanentError < ProceduralError
    attr_reader :error_code, :context

    def initialize(message, error_code: nil, context: {})
      super(message)
      @error_code = error_code
      @context = context
    end
  end
end

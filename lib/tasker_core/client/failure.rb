# frozen_string_literal: true

module TaskerCore
  # Builds the results of a failed step in the engine's form.
  #
  # @api private
  module Failure
    module_function

    # @param error [Exception, String]
    # @return [Hash{String => String}] "error"; for an exception also "error_class" and "backtrace"
    def fields(error)
      return { 'error' => storable(error.to_s) } unless error.is_a?(Exception)

      { 'error' => told(error), 'error_class' => error.class.to_s, 'backtrace' => backtrace(error) }
    end

    # The message of an exception, or a text that says that it cannot be read.
    def told(error)
      storable(error.message)
    rescue Exception => e # rubocop:disable Lint/RescueException -- whatever its methods raise
      "#{error.class}, whose message cannot be read: #{e.class}"
    end

    def backtrace(error)
      storable(Array(error.backtrace).join("\n"))
    rescue Exception => e # rubocop:disable Lint/RescueException -- whatever its methods raise
      "it cannot be read: #{e.class}"
    end

    # The part of a text that jsonb can store: UTF-8 without zero bytes.
    def storable(text)
      text = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace) unless text.encoding == Encoding::UTF_8
      text.scrub.delete("\0")
    end
  end
end

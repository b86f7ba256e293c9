# frozen_string_literal: true

module TaskerCore
  # The results of a step that failed, as the engine has them.
  module Failure
    module_function

    # @param error [Exception, String]
    # @return [Hash{String => String}] error, and of an exception error_class and
    #   backtrace
    def fields(error)
      return { 'error' => storable(error.to_s) } unless error.is_a?(Exception)

      { 'error' => told(error), 'error_class' => error.class.to_s, 'backtrace' => backtrace(error) }
    end

    # What an exception says; of one that cannot be read, that.
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

    # What jsonb can keep of a text: UTF-8 without zero bytes.
    def storable(text)
      text = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace) unless text.encoding == Encoding::UTF_8
      text.scrub.delete("\0")
    end
  end
end

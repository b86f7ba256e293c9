# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # An exception as text. An application's exception may itself fail: its message, its backtrace
      # or its class may raise, or may not be a text that can be stored.
      #
      # @!attribute [r] message
      #   @return [String] the text that the engine logs
      # @!attribute [r] text
      #   @return [String] the value of to_s, which the engine stores
      # @!attribute [r] class_name
      #   @return [String]
      # @!attribute [r] backtrace
      #   @return [Array<String>]
      ErrorText = Struct.new(:message, :text, :class_name, :backtrace) do
        class << self
          # @param error [Exception]
          # @return [ErrorText]
          def of(error)
            class_name = text('an exception without a name') { Kernel.instance_method(:class).bind_call(error).name }
            unreadable = "#{class_name}, whose message cannot be read"
            new(text(unreadable) { error.message }, text(unreadable) { error.to_s }, class_name, lines(error))
          end

          private

          def text(instead)
            found = yield
            found.is_a?(String) ? String.new(found) : instead
          rescue StandardError, SystemStackError, NotImplementedError
            instead
          end

          def lines(error)
            Array(error.backtrace).map { |line| String(line) }
          rescue StandardError, SystemStackError, NotImplementedError
            []
          end
        end
      end
    end
  end
end

# frozen_string_literal: true

require 'msgpack'

module TaskerCore
  # A core opened in this process. It turns a call into requests, runs the
  # statements that the core asks for on the host's connection, and calls again
  # with their answers until there is a value.
  class Core
    @mutex = Mutex.new

    class << self
      # @return [Core] the core of this process, opened on first use; a forked
      #   child opens its own
      # @raise [Unavailable] if there is no native library in this process
      def current
        core = @current
        return core if core&.pid == Process.pid

        @mutex.synchronize do
          @current = new(TaskerCore.configuration.core_settings) unless @current&.pid == Process.pid
          @current
        end
      end

      # Closes the core of this process; the next use opens another.
      def reset
        @mutex.synchronize do
          @current&.close
          @current = nil
        end
      end
    end

    # The kinds of replies, as go/wire/doc.go numbers them.
    VALUE = 0
    STATEMENT = 1
    ERROR = 2
    private_constant :VALUE, :STATEMENT, :ERROR

    # @return [Integer] the process that opened the core
    attr_reader :pid

    # @param settings [Hash{String => Object}] see go/config/config.go
    def initialize(settings = {})
      Library.load!
      @handle, reply = Native.open(settings.to_msgpack)
      @pid = Process.pid
      raise error(MessagePack.unpack(reply)) if @handle.zero?
    end

    # Runs an operation.
    #
    # @param operation [String] its name
    # @param arguments [Hash{String => Object}]
    # @param host [HostConnection, nil] runs the statements that the core asks for
    # @return [Object] the value as msgpack gives it; tables are still hashes
    # @raise [Error] of the class that stands for the code
    def call(operation, arguments, host = nil)
      request = [operation, arguments, []]
      loop do
        reply = MessagePack.unpack(Native.call(@handle, request.to_msgpack, false))
        case reply[0]
        when VALUE then return reply[1]
        when STATEMENT then request[2] << host.answer(*reply.drop(1))
        else raise error(reply, host)
        end
      end
    rescue Native::Forked => e
      raise Unavailable.new(e.message, code: 'unavailable')
    end

    # Ends the core's sessions and connections.
    def close = Native.close(@handle)

    private

    # The connection's own exception, where there was one, becomes the cause.
    def error(reply, host = nil)
      raise host.failure if host&.failure
    rescue StandardError
      raise Error.from_wire(reply[1])
    else
      raise Error.from_wire(reply[1])
    end
  end
end

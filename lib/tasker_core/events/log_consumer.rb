# frozen_string_literal: true

require 'msgpack'

module TaskerCore
  # Takes the core's log lines from their queue and writes them to Rails.logger. Only the thread of
  # Delivery calls it, as for events.
  #
  # @api private
  class LogConsumer
    BATCH = 500
    private_constant :BATCH

    # Takes the lines of a core that was opened with log_destination :rails.
    #
    # @param core [Integer] its handle
    # @return [void]
    def self.attach(core)
      reply = MessagePack.unpack(Native.call(core, ['log_lines', {}, []].to_msgpack, false))
      Delivery.current.add(new(core, *reply[1])) if reply[0].zero?
    end

    # @return [IO] readable while there are lines
    attr_reader :to_io

    # @param core [Integer] a core's handle
    # @param queue [Integer] a queue's handle
    # @param descriptor [Integer] its file descriptor, which stays the core's
    def initialize(core, queue, descriptor)
      @core = core
      @queue = queue
      @to_io = IO.for_fd(descriptor, 'r', autoclose: false)
      @ended = false
    end

    # Writes the waiting lines.
    #
    # @return [void]
    def deliver
      bytes = Native.queue_drain(@queue, BATCH)
      return finish if bytes == false

      lines = bytes ? MessagePack.unpack(bytes) : []
      lines.each { |level, text| write(level, text) }
    end

    # Accepts no more lines; waiting lines are still written.
    #
    # @return [void]
    def stop
      Native.call(@core, ['unsubscribe', { 'queue' => @queue }, []].to_msgpack, false)
      nil
    end

    # @return [Boolean]
    def ended? = @ended

    # @return [Boolean] whether lines were taken and not written; always false
    def left? = false

    private

    # Ignores a logger's failure; the next line may succeed.
    def write(level, text)
      logger = defined?(::Rails) && ::Rails.respond_to?(:logger) && ::Rails.logger
      logger ? logger.public_send(level, text) : warn(text)
    rescue StandardError
      nil
    end

    def finish
      Native.queue_close(@queue)
      @ended = true
    end
  end
end

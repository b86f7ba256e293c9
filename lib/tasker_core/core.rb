# frozen_string_literal: true

require 'msgpack'
require_relative 'event_list'
require_relative 'notifications'
require_relative 'openings'
require_relative 'subscriptions'

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
          next @current if @current&.pid == Process.pid

          @current = new(TaskerCore.configuration.core_settings, TaskerCore.subscriptions)
        end
      end

      # Sends the spans that wait, for two seconds at most.
      #
      # @return [void]
      def flush
        core = @current
        core.flush(FLUSH_SECONDS) if core&.pid == Process.pid && !core.closed?
      rescue Error
        nil
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

    # How often an operation starts over because something interrupted its thread
    # that wanted no more than attention, such as a signal's handler.
    INTERRUPTIONS = 100
    private_constant :INTERRUPTIONS

    # Where the engine's structured logging keeps the correlation id of a thread.
    CORRELATION_ID = :tasker_correlation_id

    # How long the end of the process waits for its last spans.
    FLUSH_SECONDS = 2.0
    private_constant :FLUSH_SECONDS

    # @return [Integer] the process that opened the core
    attr_reader :pid

    # @return [Subscriptions] to the events of this core
    attr_reader :subscriptions

    # @param settings [Hash{String => Object}] see go/config/config.go
    # @param subscriptions [Subscriptions] those that are there already
    def initialize(settings = {}, subscriptions = Subscriptions.new)
      @settings = Relay.complete(Surroundings.complete(settings))
      @subscriptions = subscriptions
      @blocking = settings.key?('database_url')
      @traced = @blocking && settings['tracing'].to_s == 'on'
      @closed = false
      @opening = Mutex.new
      open
    end

    # Runs an operation.
    #
    # @param operation [String] its name
    # @param arguments [Hash{String => Object}]
    # @param host [HostConnection, nil] runs the statements that the core asks for
    # @return [Object] the value as msgpack gives it; tables are still hashes
    # @raise [Error] of the class that stands for the code
    def call(operation, arguments, host = nil)
      Notifications.operation(operation, arguments) { run(operation, arguments, host, false) }
    end

    # The same, with symbols for the text keys of the value's hashes.
    def call_for_symbols(operation, arguments, host = nil)
      Notifications.operation(operation, arguments) { run(operation, arguments, host, true) }
    end

    # Publishes events, and waits for subscriptions that have no room, except on the
    # thread that delivers to them.
    #
    # @param rows [Array<Array>] see EventList
    # @return [void]
    def publish(rows)
      wait = !Delivery.here?
      until rows.empty?
        reply = unpack(Native.call(handle, EventList.request(rows, wait), true), false)
        raise error(reply) if reply[0] == ERROR

        # Fewer than all where something wanted the thread's attention meanwhile.
        rows = rows.drop(reply[1])
      end
    end

    # Sends the spans that wait. Other threads go on meanwhile.
    #
    # @param seconds [Float] how long at most
    # @return [Array<Integer>] spans ended, exported, dropped, failed and waiting
    def flush(seconds)
      reply = MessagePack.unpack(Native.call(handle, ['flush_spans', { 'seconds' => seconds }, []].to_msgpack, true))
      raise error(reply) if reply[0] == ERROR

      reply[1]
    end

    # Lets the core count the answers that were kept from it, see Openings.
    #
    # @return [void]
    def count = @openings&.flush

    # Ends the core's sessions and connections. Subscribers get what waits for them;
    # calls that other threads have under way are cancelled.
    def close
      @closed = true
      @openings = nil
      return unless @pid == Process.pid

      @subscriptions.closing
      Native.close(@handle)
    end

    # @return [Boolean]
    def closed? = @closed

    # The settings may hold a password.
    def inspect = "#<#{self.class} pid=#{@pid}#{' closed' if @closed}>"

    private

    # Begins with the statement that the operation would ask for, where that is known.
    def run(operation, arguments, host, symbols)
      opening = openings.of(operation, arguments) unless @blocking || host.nil?
      answer = opening&.ask(arguments, host)
      return converse(operation, arguments, [], host, symbols) unless answer

      value = @openings.keep(opening, answer)
      Openings::UNDECIDED.equal?(value) ? converse(operation, arguments, [answer], host, symbols) : value
    end

    # Asks, and runs what the core asks for, until there is a value.
    def converse(operation, arguments, answers, host, symbols)
      until (reply = exchange(request(operation, arguments, answers).to_msgpack, symbols)).first == VALUE
        raise error(reply, host) unless reply.first == STATEMENT

        answers << host.answer(*reply.drop(1))
      end
      reply[1]
    rescue Native::Forked => e
      raise Unavailable.new(e.message, code: 'unavailable')
    end

    # The origin is for the core's log lines and, where it runs the statements itself,
    # for its spans.
    def request(operation, arguments, answers)
      correlation_id = Thread.current[CORRELATION_ID]&.to_s
      traceparent = Tracing.traceparent if @traced
      return [operation, arguments, answers] unless correlation_id || traceparent

      [operation, arguments, answers, [traceparent, correlation_id]]
    end

    # Read once from each core that is opened.
    def openings
      @openings ||= Openings.new(*converse('first_statements', {}, [], nil, false)) do |answers|
        converse('count_answers', { 'answers' => answers }, [], nil, false)
      end
    end

    def open
      Library.load!
      @openings = nil
      @handle, reply = Native.open(@settings.to_msgpack)
      @pid = Process.pid
      raise error(MessagePack.unpack(reply)) if @handle.zero?

      LogFeed.attach(@handle) if @settings['log_destination'] == 'queue'
      @subscriptions.opened(@handle)
    end

    # The core's handle in this process: a forked child opens a core of its own.
    def handle
      raise InvalidArgument.new('this core was closed', code: 'invalid_argument') if @closed

      @opening.synchronize { open unless @pid == Process.pid } unless @pid == Process.pid
      @handle
    end

    # A cancelled operation has written nothing, so it can start over. What meant to
    # end it (Timeout, Thread#kill) has been raised by then.
    def exchange(request, symbols)
      reply = exchange_once(request, symbols)
      interruptions = 0
      while @blocking && cancelled?(reply) && (interruptions += 1) < INTERRUPTIONS
        reply = exchange_once(request, symbols)
      end
      reply
    end

    def exchange_once(request, symbols) = unpack(Native.call(handle, request, @blocking), symbols)

    # Errors have text for keys, always.
    def unpack(bytes, symbols)
      reply = MessagePack.unpack(bytes, symbolize_keys: symbols)
      symbols && reply[0] == ERROR ? MessagePack.unpack(bytes) : reply
    end

    def cancelled?(reply) = reply[0] == ERROR && reply[1]['code'] == 'cancelled'

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

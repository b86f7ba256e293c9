# frozen_string_literal: true

require 'msgpack'
require_relative '../events/event_codec'
require_relative '../telemetry/notifications'
require_relative 'first_statements'
require_relative '../events/subscriptions'

module TaskerCore
  # A core that is open in this process. It turns a call into requests, runs the statements that the
  # core asks for on the host's connection, and calls again with their answers until there is a
  # value.
  #
  # @api private
  class Core
    @mutex = Mutex.new

    class << self
      # @return [Core] the core of this process, opened on first use; a forked child opens its own
      # @raise [Unavailable] if this process has no native library
      def current
        core = @current
        return core if core&.pid == Process.pid

        @mutex.synchronize do
          next @current if @current&.pid == Process.pid

          @current = new(TaskerCore.configuration.core_settings, TaskerCore.subscriptions)
        end
      end

      # Sends the waiting spans, for at most two seconds.
      #
      # @return [void]
      def flush
        core = @current
        core.flush(FLUSH_SECONDS) if core&.pid == Process.pid && !core.closed?
      rescue Error
        nil
      end

      # Creates the block that the garbage collector calls. It is created here, where it captures no
      # core that it would keep alive. Closing a core may take seconds.
      #
      # @param open [Array] process and handle, as long as the core is open
      # @return [#call]
      def closing(open) = -> { Thread.new { Native.close(open.last) } if open.first == Process.pid }

      # @param core [Integer]
      # @param session [Integer]
      # @return [#call]
      def closing_session(core, session)
        request = ['close_session', { 'session' => session }, []].to_msgpack
        -> { Native.call(core, request, false) }
      end

      # Closes the core of this process; the next use opens a new one.
      def reset
        @mutex.synchronize do
          @current&.close
          @current = nil
        end
      end
    end

    # The kinds of replies, with the numbers of go/wire/doc.go.
    VALUE = 0
    STATEMENT = 1
    ERROR = 2
    private_constant :VALUE, :STATEMENT, :ERROR

    # A missing, inherited or poisoned core, a fault that it reported, and programming errors in the
    # Ruby code around it. Nothing else: an exception that another thread raises in this one (for
    # example a timeout with its own class) is not a fault of the core.
    FAULTS = [Unavailable, InternalError, SessionError, NameError, TypeError, ArgumentError, IndexError, FrozenError,
              MessagePack::UnpackError].freeze

    # The key of the correlation id that the engine's structured logging stores for a thread.
    CORRELATION_ID = :tasker_correlation_id

    # How long the end of the process waits for its last spans, in seconds.
    FLUSH_SECONDS = 2.0
    private_constant :FLUSH_SECONDS

    # @return [Integer] the process that opened the core
    attr_reader :pid

    # @return [Subscriptions] to the events of this core
    attr_reader :subscriptions

    # @param settings [Hash{String => Object}] see go/config/config.go
    # @param subscriptions [Subscriptions] existing subscriptions
    def initialize(settings = {}, subscriptions = Subscriptions.new)
      @settings = Relay.complete(ProcessSettings.complete(settings))
      @subscriptions = subscriptions
      @blocking = settings.key?('database_url')
      @traced = @blocking && settings['tracing'].to_s == 'on'
      @closed = false
      @opening = Mutex.new
      # The handle, for the garbage collector; empty once the core is closed.
      @open = []
      open
      # A copy of a core shares this object; it would otherwise copy the finalizer too.
      @watched = Object.new
      UnclosedHandles.watch(@watched, 'a client of TaskerCore.open', Core.closing(@open)) if @blocking
    end

    # Runs an operation.
    #
    # @param operation [String] its name
    # @param arguments [Hash{String => Object}]
    # @param host [HostConnection, nil] runs the statements that the core asks for
    # @return [Object] the decoded value; tables are still hashes
    # @raise [Error] the class for the error's code
    def call(operation, arguments, host = nil)
      Notifications.operation(operation, arguments) { run(operation, arguments, host, false) }
    end

    # Does the same, with symbols for the text keys of the value's hashes.
    def call_for_symbols(operation, arguments, host = nil)
      Notifications.operation(operation, arguments) { run(operation, arguments, host, true) }
    end

    # Runs an operation that opens something in the core. If the block does not complete (an
    # interrupt may come as soon as the answer is there), what was opened is closed again.
    #
    # @param give_back [#call] closes it; receives the value
    # @yieldparam value [Object]
    # @return [Object] the block's value
    def acquire(operation, arguments, host, give_back)
      taken = []
      kept = false
      value = Notifications.operation(operation, arguments) { converse([operation, arguments, []], host, false, taken) }
      yield(value).tap { kept = true }
    ensure
      reply = MessagePack.unpack(taken.last) if taken.any? && !kept
      give_back.call(reply[1]) if reply && reply[0] == VALUE
    end

    # Publishes events. It waits for subscriptions without room, except on the thread that delivers
    # to them.
    #
    # @param rows [Array<Array>] see EventCodec
    # @return [void]
    def publish(rows)
      reply = exchange(EventCodec.request(rows, !Delivery.here?), true, false)
      raise error(reply) if reply[0] == ERROR
    end

    # Sends the waiting spans. Other threads continue meanwhile.
    #
    # @param seconds [Float] the longest wait
    # @return [Array<Integer>] spans ended, exported, dropped, failed and waiting
    def flush(seconds)
      reply = exchange(['flush_spans', { 'seconds' => seconds }, []].to_msgpack, true, false)
      raise error(reply) if reply[0] == ERROR

      reply[1]
    end

    # @param session [Integer]
    # @return [#call] closes a session, from any thread in which the garbage collector runs
    def closing_of(session) = Core.closing_session(@handle, session)

    # Lets the core count the answers that it has not seen; see FirstStatements.
    #
    # @return [void]
    def count = @first_statements&.flush

    # Closes the core's sessions and connections. Subscribers get their waiting events; calls of
    # other threads are cancelled.
    def close
      @closed = true
      @first_statements = nil
      return unless @pid == Process.pid

      UnclosedHandles.closed(@watched)
      @open.clear
      @subscriptions.closing
      Native.close(@handle)
    end

    # @return [Boolean]
    def closed? = @closed

    # Leaves out the settings, which may hold a password.
    def inspect = "#<#{self.class} pid=#{@pid}#{' closed' if @closed}>"

    private

    # Starts with the operation's first statement if it is known.
    def run(operation, arguments, host, symbols)
      first = first_statements.of(operation, arguments) unless @blocking || host.nil?
      answer = first&.ask(arguments, host)
      return converse([operation, arguments, []], host, symbols) unless answer

      value = @first_statements.keep(first, answer)
      FirstStatements::UNDECIDED.equal?(value) ? converse([operation, arguments, [answer]], host, symbols) : value
    end

    # Calls the core and runs the statements that it asks for, until there is a value.
    def converse(question, host, symbols, taken = nil)
      until (reply = exchange(request(*question).to_msgpack, @blocking, symbols, taken)).first == VALUE
        raise error(reply, host) unless reply.first == STATEMENT

        question.last << host.answer(*reply.drop(1))
      end
      reply[1]
    rescue Native::Forked => e
      raise Unavailable.new(e.message, code: 'unavailable')
    end

    # The origin is for the core's log lines and, if the core runs the statements itself, for its
    # spans.
    def request(operation, arguments, answers)
      correlation_id = Thread.current[CORRELATION_ID]&.to_s
      traceparent = Tracing.traceparent if @traced
      return [operation, arguments, answers] unless correlation_id || traceparent

      [operation, arguments, answers, [traceparent, correlation_id]]
    end

    # Read once from each core that is opened.
    def first_statements
      @first_statements ||= FirstStatements.new(*converse(['first_statements', {}, []], nil, false)) do |answers|
        converse(['count_answers', { 'answers' => answers }, []], nil, false)
      end
    end

    def open
      Library.load!
      @first_statements = nil
      settings = packed_settings
      Thread.handle_interrupt(Object => :never) do
        @handle, reply = Native.open(settings)
        @pid = Process.pid
        @open.replace([@pid, @handle]) unless @handle.zero?
        raise error(MessagePack.unpack(reply)) if @handle.zero?
      end
      LogConsumer.attach(@handle) if @settings['log_destination'] == 'queue'
      @subscriptions.opened(@handle, self)
    end

    # An error names an object that msgpack does not have by its class, because the object may be a
    # URL with a password.
    def packed_settings
      @settings.to_msgpack
    rescue NoMethodError, RangeError, SystemStackError
      name, value = @settings.find { |_, setting| !packs?(setting) }
      raise ConfigurationError.new("#{name} is an object of #{value.class}; it must be a String, a number, true or " \
                                   'false, or a list of Strings', code: 'configuration')
    end

    def packs?(value)
      value.to_msgpack
      true
    rescue NoMethodError, RangeError, SystemStackError
      false
    end

    # The core's handle in this process; a forked child opens its own core.
    def handle
      raise InvalidArgument.new('this core is closed', code: 'invalid_argument') if @closed

      @opening.synchronize { open unless @pid == Process.pid } unless @pid == Process.pid
      @handle
    end

    def exchange(request, blocking, symbols, taken = nil)
      unpack(Native.call(handle, request, blocking, taken), symbols)
    end

    # The keys of errors are always text.
    def unpack(bytes, symbols)
      reply = MessagePack.unpack(bytes, symbolize_keys: symbols)
      symbols && reply[0] == ERROR ? MessagePack.unpack(bytes) : reply
    end

    # The connection's own exception, if there is one, becomes the cause.
    def error(reply, host = nil)
      raise host.failure if host&.failure
    rescue StandardError
      raise Error.from_wire(reply[1])
    else
      raise Error.from_wire(reply[1])
    end
  end
end

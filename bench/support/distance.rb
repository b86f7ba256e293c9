# frozen_string_literal: true

require 'socket'

# A database that is some way off: a proxy in a process of its own that hands every piece
# of data on after a delay, the same in each direction, and does nothing else. It sleeps
# until something is due. How much it really adds is measured, never assumed.
#
#   ruby distance.rb MILLISECONDS LISTENING_SOCKET SOCKET
#   ruby distance.rb MILLISECONDS LISTENING_SOCKET HOST PORT
#
# It says "ready" when it listens, and ends with its standard input.
class Distance
  CHUNK = 65_536

  # What is on its way in one direction of a connection.
  class Way
    attr_reader :from, :to

    def initialize(from, to, delay)
      @from = from
      @to = to
      @delay = delay
      @pieces = []
      @ended = false
    end

    # @return [Boolean] whether the sender has closed its end
    def ended? = @ended

    # @return [Float, nil] when the first piece has arrived
    def due = @pieces.first&.first

    def take(now)
      data = @from.read_nonblock(CHUNK, exception: false)
      return if data == :wait_readable

      @ended = data.nil?
      @pieces << [now + @delay, data]
    end

    # Hands on what has arrived.
    #
    # @return [Symbol, nil] :over where that was the end
    def give(now)
      while due && due <= now
        data = @pieces.shift.last
        return :over if data.nil?

        @to.write(data)
      end
    end
  end

  # @param listener [UNIXServer]
  # @param delay [Float] seconds, in each direction
  # @param connect [Proc] makes a connection to the server
  def initialize(listener, delay, connect)
    @listener = listener
    @delay = delay
    @connect = connect
    @ways = []
  end

  # @param ending [IO] the proxy ends when this does
  def serve(ending)
    loop do
      ready, = IO.select([ending, @listener, *@ways.reject(&:ended?).map(&:from)], nil, nil, rest)
      break if ready&.include?(ending)

      accept if ready&.include?(@listener)
      each_of(@ways.select { |way| ready&.include?(way.from) }) { |way| way.take(now) }
      each_of(@ways.dup) { |way| way.give(now) }
    end
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # @return [Float, nil] seconds until something has arrived
  def rest
    due = @ways.filter_map(&:due).min
    due && [due - now, 0].max
  end

  def accept
    client = @listener.accept
    server = @connect.call
    @ways.push(Way.new(client, server, @delay), Way.new(server, client, @delay))
  end

  # Where one end is closed or broken, PostgreSQL has nothing more to say to the other.
  def each_of(ways)
    ways.each do |way|
      close(way) if yield(way) == :over
    rescue SystemCallError, IOError
      close(way)
    end
  end

  def close(way)
    both = @ways.select { |one| [one.from, one.to].include?(way.from) }
    @ways -= both
    both.each { |one| one.from.close }
  end
end

delay, listening, *server = ARGV
connect = lambda do
  next UNIXSocket.new(*server) if server.size == 1

  Socket.tcp(*server).tap { |socket| socket.setsockopt(:TCP, :NODELAY, true) }
end
proxy = Distance.new(UNIXServer.new(listening), Float(delay) / 1000, connect)
$stdout.puts 'ready'
$stdout.flush
proxy.serve($stdin)

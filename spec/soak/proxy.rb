# frozen_string_literal: true

require 'socket'

# A process between PostgreSQL and its clients, on unix sockets:
#
#   ruby proxy.rb LISTEN SERVER SEED
#
# It delays and cuts as the lines on its standard input say, and ends with them:
#
#   delay 0.03   every request waits that many seconds
#   cut 0.02     this part of all requests ends its connection: half of them before the
#                server hears of it, half after, when its answer is lost
#   cut_all      ends every connection now
class Proxy
  CHUNK = 65_536

  # One client's connection and the server's.
  class Link
    def initialize(client, server)
      @client = client
      @server = server
      @mute = false
    end

    # @yieldreturn [Symbol] what becomes of each request: :pass, :before or :after
    def requests
      loop do
        data = @client.readpartial(CHUNK)
        fate = yield
        break if fate == :before

        @mute = true if fate == :after
        @server.write(data)
      end
    rescue SystemCallError, IOError
      nil
    ensure
      close unless @mute
    end

    def answers
      loop do
        data = @server.readpartial(CHUNK)
        break if @mute

        @client.write(data)
      end
    rescue SystemCallError, IOError
      nil
    ensure
      close
    end

    def close
      [@client, @server].each do |socket|
        socket.shutdown unless socket.closed?
      rescue SystemCallError, IOError
        nil
      end
    end

    def release = [@client, @server].each(&:close)
  end

  def initialize(listen, server, seed)
    @listen = UNIXServer.new(listen)
    @server = server
    @random = Random.new(seed)
    @delay = @cut = 0.0
    @links = []
    @lock = Mutex.new
  end

  def run
    Thread.new { loop { accept } }
    $stdin.each_line { |line| control(*line.split) }
  end

  private

  def control(order, value = nil)
    case order
    when 'delay' then @delay = Float(value)
    when 'cut' then @cut = Float(value)
    when 'cut_all' then @lock.synchronize { @links.dup }.each(&:close)
    end
  end

  def accept
    client = @listen.accept
    Thread.new { serve(client) }
  end

  def serve(client)
    link = Link.new(client, UNIXSocket.new(@server))
    @lock.synchronize { @links << link }
    answers = Thread.new { link.answers }
    link.requests { fate }
    answers.join
    @lock.synchronize { @links.delete(link) }
    link.release
  rescue SystemCallError
    client.close
  end

  def fate
    sleep(@delay) if @delay.positive?
    return :pass unless @lock.synchronize { @random.rand } < @cut

    @lock.synchronize { %i[before after].sample(random: @random) }
  end
end

Thread.report_on_exception = false
Proxy.new(ARGV.fetch(0), ARGV.fetch(1), Integer(ARGV.fetch(2))).run

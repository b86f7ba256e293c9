# frozen_string_literal: true

require 'socket'
require 'tmpdir'
require 'uri'

# Stands between Active Record and PostgreSQL, and cuts a connection at a statement that
# is told: before the server gets it, when the server has answered it, or before the server
# gets it although it does a moment later.
class PostgresProxy
  # The messages of a client behind which it waits for an answer: Sync, Query.
  ENDS = %w[S Q].freeze

  # Where a connection is cut.
  #
  # @!attribute [r] pattern
  #   @return [Regexp] of the statement's text
  # @!attribute [rw] left
  #   @return [Integer] how many such statements come before, this one included
  # @!attribute [r] action
  #   @return [Symbol] :lose_request, :lose_answer or :delay_request
  # @!attribute [r] gate
  #   @return [Queue] a delayed statement is sent when something is in it
  Cut = Struct.new(:pattern, :left, :action, :gate)
  private_constant :Cut

  # @yieldparam proxy [PostgresProxy]
  def self.run(url = Database.url)
    Dir.mktmpdir('tcproxy') do |folder|
      proxy = new(url, folder)
      yield proxy
    ensure
      proxy&.close
    end
  end

  # @return [Array<String>] the statements that a connection was cut at
  attr_reader :cuts

  # @return [Integer] how many statements have come
  attr_reader :count

  def initialize(url, folder)
    @address = URI.decode_www_form(URI(url).query.to_s).to_h
    @url = url
    @folder = folder
    @mutex = Mutex.new
    @armed = []
    @cuts = []
    @count = 0
    @connections = []
    @server = UNIXServer.new(File.join(folder, ".s.PGSQL.#{port}"))
    @accepting = Thread.new { accept }
  end

  # @return [String] of the same database, through this proxy
  def url = @url.sub(/host=[^&]*/, "host=#{@folder}")

  # Cuts the connection at a statement.
  #
  # @param action [Symbol] see Cut
  # @param pattern [Regexp]
  # @param nth [Integer] the statement of this pattern that is meant
  # @return [Queue] see Cut#gate
  def cut(action, pattern = //, nth: 1)
    Queue.new.tap { |gate| @mutex.synchronize { @armed << Cut.new(pattern, nth, action, gate) } }
  end

  def disarm = @mutex.synchronize { @armed.clear }

  # Ends all connections. A thread is ended before what it reads from is closed: Ruby waits
  # in IO#close for threads that use the socket, without end where they close one as well.
  def close
    @accepting.kill.join
    @server.close
    @connections.each(&:close)
  end

  private

  def port = @address.fetch('port', '5432')

  def accept
    loop do
      client = @server.accept
      server = UNIXSocket.new(File.join(@address.fetch('host'), ".s.PGSQL.#{port}"))
      @connections << Connection.new(self, client, server)
    end
  end

  # What becomes of a statement.
  #
  # @param sql [String]
  # @return [Cut, nil]
  def hit(sql)
    @mutex.synchronize do
      @count += 1
      due = @armed.find { |cut| cut.pattern.match?(sql) && (cut.left -= 1).zero? }
      next unless due

      @cuts << sql
      @armed.delete(due)
    end
  end
  public :hit

  # One connection and the two threads that copy its bytes. They shut its sockets down, and
  # #close closes them when no thread uses them any more.
  class Connection
    def initialize(proxy, client, server)
      @proxy = proxy
      @client = client
      @server = server
      @statements = {}
      @threads = [Thread.new { requests }, Thread.new { answers }]
    end

    def close
      shut_down
      @threads.each { |thread| thread.kill.join }
      [@client, @server].each(&:close)
    end

    private

    # Copies what the client sends, one statement at a time.
    def requests
      head = @client.read(4)
      @server.write(head, @client.read(head.unpack1('N') - 4)) if head
      while (batch, sql = statement)
        cut = sql && @proxy.hit(sql)
        cut ? apply(cut, batch) : @server.write(batch)
      end
    rescue IOError, SystemCallError
      nil
    ensure
      shut_down
    end

    # Copies what the server sends, but for the answer to a statement that is to be lost.
    def answers
      while (message = read(@server))
        @lose ? (break if message.start_with?('Z')) : @client.write(message)
      end
    rescue IOError, SystemCallError
      nil
    ensure
      shut_down
    end

    # The messages up to one that is answered, and the text that they execute.
    def statement
      batch = +''
      sql = nil
      while (message = read(@client))
        batch << message
        sql = text(message) || sql
        return batch, sql if ENDS.include?(message[0])
      end
      batch.empty? ? nil : [batch, nil]
    end

    def text(message)
      body = message.byteslice(5..)
      case message[0]
      when 'P' then body.unpack('Z*Z*').then { |name, sql| (@statements[name] = sql).then { nil } }
      when 'B' then @statements[body.unpack('Z*Z*').last]
      when 'Q' then body.unpack1('Z*')
      end
    end

    def apply(cut, batch)
      case cut.action
      when :lose_request then shut_down
      when :lose_answer
        @lose = true
        @server.write(batch)
        # The thread of the answers ends the connection.
        sleep
      when :delay_request
        @client.shutdown
        cut.gate.pop
        @lose = true
        @server.write(batch)
        sleep
      end
    end

    def read(socket)
      head = socket.read(5) or return
      rest = socket.read(head.byteslice(1, 4).unpack1('N') - 4)
      rest && (head + rest)
    end

    def shut_down
      [@client, @server].each do |socket|
        socket.shutdown
      rescue SystemCallError
        # The other side has ended it.
        nil
      end
    end
  end
  private_constant :Connection
end

# frozen_string_literal: true

require 'json'
require 'securerandom'
require 'socket'
require 'timeout'

module Soak
  # Asks Puma for tasks, from some threads, as long as not too many are open.
  class Load
    THREADS = 2
    MOST_OPEN = 30
    PATIENCE = 20

    # @return [Integer] requests that got an answer, and those that were lost with their
    #   connection
    attr_reader :answered, :lost

    # @param socket [String] Puma's
    # @param seed [Integer]
    # @param open [Proc] gives how many tasks are open
    def initialize(socket, plan, seed, &open)
      @socket = socket
      @plan = plan
      @open = open
      @answered = @lost = 0
      @lock = Mutex.new
      @stopped = false
      @threads = Array.new(THREADS) { |number| Thread.new { run(Random.new(seed + number)) } }
    end

    def stop
      @stopped = true
      @threads.each(&:join)
    end

    private

    def run(random)
      until @stopped
        if @open.call > MOST_OPEN
          sleep 0.2
        else
          ask(order(random)) ? count(:@answered) : count(:@lost) && sleep(0.3)
        end
      end
    end

    def count(name) = @lock.synchronize { instance_variable_set(name, instance_variable_get(name) + 1) }

    def order(random)
      workflow = @plan.workflows.sample(random:)
      context = { script: @plan.script(workflow, random), unique: SecureRandom.hex(8) }
      { name: workflow.name, context:, run: random.rand < 0.4 }.to_json
    end

    # @return [Boolean] whether there was an answer
    def ask(body)
      Timeout.timeout(PATIENCE) do
        UNIXSocket.open(@socket) do |socket|
          socket.write("POST / HTTP/1.0\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
          socket.read.start_with?('HTTP/1.')
        end
      end
    rescue SystemCallError, IOError, Timeout::Error
      false
    end
  end
end

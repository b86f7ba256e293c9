# frozen_string_literal: true

require 'rbconfig'
require 'socket'
require 'timeout'
require 'tmpdir'

# A real Puma in cluster mode with two workers.
class PumaServer
  WORKERS = 2
  BOOT_SECONDS = 60

  def self.here? = Gem::Specification.find_all_by_name('puma').any?

  # @param preload [Boolean] whether the application is loaded before the workers are forked
  # @param environment [Hash{String => String}]
  # @yieldparam server [PumaServer] running
  def self.run(preload:, environment:)
    Dir.mktmpdir do |folder|
      server = new(folder, preload, environment)
      begin
        server.await(WORKERS, 'booted')
        yield server
      ensure
        server.stop
      end
    end
  end

  def initialize(folder, preload, environment)
    @folder = folder
    configure(preload)
    command = [RbConfig.ruby, '-W0', '-S', 'puma', '-C', "#{folder}/puma.rb", File.join(__dir__, 'config.ru')]
    @pid = Process.spawn(environment.merge('RACK_ENV' => 'test'), *command, out: log, err: %i[child out])
  end

  # @return [String, nil] the answer, nil where its worker was gone before
  def get
    UNIXSocket.open("#{@folder}/puma.sock") do |socket|
      socket.write("GET / HTTP/1.0\r\n\r\n")
      socket.read.split("\r\n\r\n", 2).last
    end
  rescue SystemCallError
    nil
  end

  # Asks from several threads at once for as long as the block takes.
  #
  # @yieldparam answers [Array<String, nil>] those that have come
  # @return [Array<String, nil>] all answers
  def under_load(threads: 4)
    answers = []
    done = false
    asking = Array.new(threads) { Thread.new { answers << get until done } }
    yield answers
    done = true
    asking.each(&:join)
    answers
  ensure
    done = true
  end

  # @return [Array<Integer>] the workers' process ids
  def workers = File.read("/proc/#{@pid}/task/#{@pid}/children").split.map(&:to_i)

  # Replaces the workers one after the other.
  def phased_restart
    Process.kill(:USR1, @pid)
    await(WORKERS, /booted.*phase: 1/)
  end

  # Waits until the log says that so often.
  def await(times, text)
    Timeout.timeout(BOOT_SECONDS) { sleep 0.1 until File.read(log).scan(text).size >= times }
  rescue Timeout::Error
    raise "Puma did not say #{text.inspect} #{times} times: #{File.read(log)}"
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
  end

  private

  def log = "#{@folder}/log"

  def configure(preload)
    File.write("#{@folder}/puma.rb", <<~RUBY)
      workers #{WORKERS}
      threads 2, 2
      bind 'unix://#{@folder}/puma.sock'
      #{'preload_app!' if preload}
      before_fork { ActiveRecord::Base.connection_handler.clear_all_connections! } if #{preload}
    RUBY
  end
end

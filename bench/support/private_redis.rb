# frozen_string_literal: true

require 'socket'
require 'tmpdir'

# A Redis for a bench alone: on a unix socket, nothing on TCP, nothing kept.
module PrivateRedis
  module_function

  # @return [Boolean] whether Redis is installed
  def here? = ENV['PATH'].split(':').any? { |folder| File.executable?(File.join(folder, 'redis-server')) }

  # @yieldparam url [String]
  def open
    Dir.mktmpdir do |folder|
      socket = File.join(folder, 'redis.sock')
      pid = spawn('redis-server', '--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no',
                  '--dir', folder, out: File::NULL)
      wait_for(socket)
      yield "unix://#{socket}"
    ensure
      end_process(pid) if pid
    end
  end

  def wait_for(socket)
    100.times do
      return UNIXSocket.open(socket, &:close)
    rescue Errno::ENOENT, Errno::ECONNREFUSED
      sleep 0.05
    end
    abort "Redis does not listen on #{socket}."
  end

  def end_process(pid)
    Process.kill(:TERM, pid)
    Process.wait(pid)
  end
end

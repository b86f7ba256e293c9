# frozen_string_literal: true

require 'json'
require 'timeout'
require_relative 'children'

# A process of its own that opens a core over connections of its own, tells what it
# hears, and publishes what it is told.
class ListeningProcess
  LIMIT = 30
  PROGRAM = <<~'RUBY'
    require 'tasker_core'
    require 'json'
    $stdout.sync = true
    url, settings = JSON.parse(ARGV[0], symbolize_names: true).values_at(:url, :settings)
    TaskerCore.open(database_url: url, event_relay: true, **settings) do |client|
      client.subscribe('*', when_full: :block, max_wait: 0, capacity: 100_000) do |event|
        puts JSON.generate([event.name, event.task_id, event.step_id, event.namespace, event.task_name, event.step_name,
                            event.origin, event.payload])
      end
      puts JSON.generate(client.relay_stats)
      while (line = $stdin.gets)
        name, payload, about = JSON.parse(line)
        client.publish(name, payload, **about.transform_keys(&:to_sym))
      end
    end
  RUBY

  Heard = Struct.new(:name, :task_id, :step_id, :namespace, :task_name, :step_name, :origin, :payload)

  # @yieldparam process [ListeningProcess] which listens
  def self.run(url, **settings)
    process = new(url, settings)
    yield process
  ensure
    process&.close
  end

  # @return [Hash] the relay's counters when it began to listen
  attr_reader :stats

  def initialize(url, settings)
    @io = IO.popen([RbConfig.ruby, '-W0', '-I', Children::LIB, '-e', PROGRAM, JSON.generate(url:, settings:)], 'r+')
    @stats = JSON.parse(line)
  end

  def pid = @io.pid

  # @return [Array<Heard>] the next events
  def hear(count) = Array.new(count) { Heard.new(*JSON.parse(line)) }

  # @return [Array<Heard>] all up to one of that name, without it
  def hear_until(name)
    heard = []
    heard << hear(1).first until heard.last&.name == name
    heard[0..-2]
  end

  def publish(name, payload = {}, **about) = @io.puts(JSON.generate([name, payload, about]))

  def close
    @io.close_write
    @io.close
  end

  private

  def line
    Timeout.timeout(LIMIT) { @io.gets } || raise("process #{pid} ended")
  rescue Timeout::Error
    raise "process #{pid} said nothing within #{LIMIT} s"
  end
end

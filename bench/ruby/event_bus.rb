# frozen_string_literal: true

# The event bus: how many events a second go each way, how long one takes from the
# publisher to a Ruby subscriber, and what a subscriber that has stopped costs in memory.
#
#   bin/postgres with ruby bench/ruby/event_bus.rb [--json]
require_relative '../support/report'
require_relative '../../spec/support/packed_events'

MODULE = File.expand_path('../../ext/tasker_core/go', __dir__)
EVENTS = 1_000_000

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def rate(count)
  started = clock
  yield
  count / (clock - started)
end

def median(values) = values.sort[values.size / 2]

# What is published in Go and taken in Go, as go/event/bench_test.go prints it. Under
# block every event is delivered.
def within_go
  puts '', 'Within Go, one publisher and one subscriber'
  text, status = Open3.capture2('go', 'test', './event', '-run', 'NONE', '-bench', 'WithinGo/block', '-benchtime', '1s',
                                chdir: MODULE)
  abort text unless status.success?
  text.scan(%r{^BenchmarkWithinGo/block/(\w+)-\d+.*?(\d+) events/s}).each do |way, value|
    BenchReport.target("within Go, #{way.tr('_', ' ')}", value.to_i, at_least: 2_000_000, unit: '/s')
  end
end

def with_core
  core = TaskerCore::Core.new
  yield core, TaskerCore::Client.new(core, nil)
ensure
  core.close
end

def go_to_ruby
  with_core do |core, client|
    seen = 0
    subscription = client.subscribe('step.*', when_full: :block, max_wait: 0) { seen += 1 }
    events = PackedEvents.new(core)
    value = rate(EVENTS) do
      events.publish_all(EVENTS)
      subscription.close
    end
    abort "#{seen} of #{EVENTS} events came" unless seen == EVENTS

    value
  end
end

def ruby_to_go
  with_core do |_, client|
    client.subscribe('order.*', when_full: :drop_oldest) { nil }
    list = Array.new(EVENTS) do |i|
      { name: 'step.completed', task_id: i, step_id: i, namespace: 'payments', task_name: 'charge_card',
        step_name: 'validate', payload: { attempt: 1 } }
    end
    GC.start
    value = rate(EVENTS) { client.publish_events(list) }
    abort 'events are missing' unless client.event_stats[:published] == EVENTS

    value
  end
end

# One million events each, three times, in turns.
def rates
  puts '', 'Between Go and Ruby, a million events'
  taken = Array.new(3) { [go_to_ruby, ruby_to_go] }.transpose.map { |values| median(values) }
  BenchReport.target('Go to a Ruby subscriber', taken[0].round, at_least: 200_000, unit: '/s')
  BenchReport.target('Ruby to Go, in batches', taken[1].round, at_least: 300_000, unit: '/s')
  with_core do |_, client|
    BenchReport.figure('Ruby to Go, one by one', rate(100_000) { 100_000.times { client.publish('order.made') } }, '/s')
  end
end

def publish_steadily(client, count, per_second)
  started = clock
  count.times do |number|
    sleep 0.0005 while clock < started + (number / per_second)
    client.publish('order.made', { number: })
  end
end

# 10,000 single events in a second, for three seconds: each tick publishes what is due.
def latency
  puts '', 'From publish to the subscriber, at 10,000 events a second'
  taken = []
  with_core do |_, client|
    client.subscribe('*', when_full: :block) { |event| taken << (Time.now.to_r - event.occurred_at.to_r) * 1000 }
    publish_steadily(client, 30_000, 10_000.0)
  end
  taken.sort!
  BenchReport.figure('median', taken[taken.size / 2].to_f, 'ms')
  BenchReport.target('from publish to the subscriber, p99', taken[taken.size * 99 / 100].to_f, at_most: 5, unit: 'ms')
end

def resident = File.read('/proc/self/status')[/^VmRSS:\s+(\d+)/, 1].to_i / 1024.0

# A queue is full after 8 of the first 200 MB: what 400 MB more add would not be bounded.
# Go's heap grows to five times what is alive before it is collected.
def memory
  puts '', 'Memory for a subscriber that has stopped, with max_bytes 8 MB'
  { block: { max_wait: 0.1 }, drop_oldest: {}, spill: {} }.each do |when_full, options|
    with_core do |core, client|
      gate = Queue.new
      subscription = client.subscribe('*', when_full:, max_bytes: 8 << 20, **options) { gate.pop }
      full, later = published_megabytes(core, 200, 400)
      BenchReport.figure("#{when_full}: resident memory of the process, full", full, 'MB')
      BenchReport.target("#{when_full}: what 400 MB of events more add", later - full, at_most: 100, unit: 'MB')
      counts = subscription.stats.values_at(:dropped, :spilled).join(' and ')
      BenchReport.figure("#{when_full}: dropped and spilled", counts)
      gate.close
    end
  end
end

# @return [Array<Float>] the resident memory after each of these amounts
def published_megabytes(core, *amounts)
  events = PackedEvents.new(core, count: 500, payload: { text: 'x' * 1000 })
  amounts.map do |amount|
    events.publish_all(amount * 1000)
    resident
  end
end

World.open do
  within_go
  rates
  latency
  memory
end

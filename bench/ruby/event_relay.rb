# frozen_string_literal: true

# Events from one process to another over LISTEN and NOTIFY: how many a second, how
# late, what they cost a transaction. Every event is numbered, and the other process
# accounts for each.
#
#   bin/postgres with ruby bench/ruby/event_relay.rb [--json]
require_relative '../support/report'
require_relative '../support/world'
require 'securerandom'

EVENTS = 200_000
IN_TRANSACTIONS = 50_000
SINGLE = 20_000
PACED = 2000
CHANNEL = "bench #{SecureRandom.hex(4)}".freeze

# Hears numbered events until it is told that there are no more.
HEARING = <<~'RUBY'
  require 'tasker_core'
  require 'json'
  $stdout.sync = true
  url, channel = ARGV
  TaskerCore.open(database_url: url, event_relay: true, event_relay_channel: channel) do |client|
    heard = Queue.new
    numbers = []
    late = []
    client.subscribe('bench.*', when_full: :block, max_wait: 0) do |event|
      next heard << true if event.name == 'bench.end'

      numbers << event.task_id
      late << (Time.now - event.occurred_at)
    end
    puts client.relay_stats[:listening]
    while $stdin.gets
      heard.pop
      late.sort!
      puts JSON.generate(count: numbers.size, complete: numbers == (1..numbers.size).to_a,
                         median: late[late.size / 2], p99: late[late.size * 99 / 100])
      numbers.clear
      late.clear
    end
  end
RUBY

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# @return [Array(Hash, Float)] what the other process heard, and in how many seconds
def heard_by(process)
  started = clock
  yield
  process.puts
  [JSON.parse(process.gets, symbolize_names: true), clock - started]
end

def numbered(range)
  range.map { |n| { name: 'bench.numbered', task_id: n, payload: { step_name: 'charge', attempt: 1 } } }
end

def account(title, wanted, heard, seconds)
  raise "#{title}: #{heard} of #{wanted} events" unless heard[:count] == wanted && heard[:complete]

  BenchReport.target("#{title}: events a second", wanted / seconds, at_least: 20_000, unit: '/s')
end

def by_the_core(process, url)
  TaskerCore.open(database_url: url, event_relay: true, event_relay_channel: CHANNEL) do |client|
    heard, seconds = heard_by(process) do
      (1..EVENTS).each_slice(2000) { |range| client.publish_events(numbered(range)) }
      client.publish('bench.end')
    end
    account('client to client', EVENTS, heard, seconds)
  end
end

def in_transactions(process)
  heard, seconds = heard_by(process) do
    (1..IN_TRANSACTIONS).each_slice(500) do |range|
      World.connection.transaction { TaskerCore.publish_events(numbered(range)) }
    end
    TaskerCore.publish('bench.end')
  end
  account('500 a transaction of Active Record', IN_TRANSACTIONS, heard, seconds)
end

def publish_each(count, a_second: nil)
  started = clock
  (1..count).each do |n|
    sleep [started + (n.to_f / a_second) - clock, 0].max if a_second
    TaskerCore.publish('bench.numbered', {}, task_id: n, occurred_at: Time.now)
  end
  TaskerCore.publish('bench.end')
end

def one_by_one(process)
  heard, seconds = heard_by(process) { publish_each(SINGLE) }
  account('one by one, outside of transactions', SINGLE, heard, seconds)
  heard, = heard_by(process) { publish_each(PACED, a_second: 1000) }
  raise "one by one: #{heard}" unless heard[:count] == PACED && heard[:complete]

  BenchReport.figure('1,000 a second: from publish to subscriber, median', heard[:median] * 1000, 'ms')
  BenchReport.figure('1,000 a second: from publish to subscriber, p99', heard[:p99] * 1000, 'ms')
end

def costs
  World.execute('CREATE TABLE bench_rows (n integer)')
  write = -> { World.execute('INSERT INTO bench_rows VALUES (1)') }
  tell = -> { TaskerCore::Relay.deliver([['bench.cost', nil, 7, nil, nil, nil, nil, { 'step_name' => 'charge' }]]) }
  results = World.compare({ 'a transaction that writes a row' => -> { World.connection.transaction { write.call } },
                            'the same with one event' => lambda {
                              World.connection.transaction do
                                write.call
                                tell.call
                              end
                            },
                            'the same with ten events' => lambda {
                              World.connection.transaction do
                                write.call
                                10.times { tell.call }
                              end
                            } }, seconds: 3)
  World.table('What events cost a transaction', results)
end

World.open do
  TaskerCore.configure do |config|
    config.event_relay = true
    config.event_relay_channel = CHANNEL
  end
  url = TaskerCore::Relay.complete('event_relay' => true)['event_relay_url']
  library = File.expand_path('../../lib', __dir__)
  IO.popen([RbConfig.ruby, '-W0', '-I', library, '-e', HEARING, url, CHANNEL], 'r+') do |process|
    abort 'the other process does not listen' unless process.gets == "true\n"
    by_the_core(process, url)
    in_transactions(process)
    one_by_one(process)
    process.close_write
  end
  costs
end

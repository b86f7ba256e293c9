# frozen_string_literal: true

# The boundary between Ruby and Go: what a call costs that does nothing, and how much of
# an operation that reads the database is spent on crossing. bench/ruby/memory.rb tells
# what the extension costs to load.
#
#   bin/postgres with ruby bench/ruby/ffi.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

# Counts the calls that cross, and their bytes.
module Crossings
  class << self
    attr_reader :sizes

    def during
      @sizes = []
      yield
      @sizes
    ensure
      @sizes = nil
    end
  end

  def call(_core, request, *)
    super.tap { |reply| Crossings.sizes&.push([request.bytesize, reply.bytesize]) }
  end
end

# Nanoseconds of one turn of a loop, less those of an empty one; the median of rounds.
def nanoseconds(times = 100_000)
  rounds = Array.new(9) { [loop_time(times) { yield }, loop_time(times) { nil }] } # rubocop:disable Style/ExplicitBlockArgument
  taken = rounds.map { |full, empty| (full - empty) * 1e9 / times }
  taken.sort[taken.size / 2]
end

def loop_time(times)
  started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  times.times { yield } # rubocop:disable Style/ExplicitBlockArgument
  Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
end

def trivial
  puts '', 'A call that does nothing'
  native = TaskerCore::Native
  core = TaskerCore::Core.current
  handle = core.instance_variable_get(:@handle)
  ping = ['ping', {}, []].to_msgpack
  crossing = nanoseconds { native.abi_version }
  BenchReport.figure('a Ruby method that returns, for comparison', nanoseconds { BenchReport.itself }, 'ns')
  BenchReport.target('Ruby -> C -> Go and back', crossing, at_most: 300, unit: 'ns')
  { 'with a request and a reply (ping), packed before' => -> { native.call(handle, ping, false) },
    'the same, giving the GVL away' => -> { native.call(handle, ping, true) },
    "Core#call('ping'): packing and unpacking too" => -> { core.call('ping', {}) } }
    .each { |title, call| BenchReport.figure(title, nanoseconds(20_000, &call), 'ns') }
end

# Milliseconds for crossing alone: the same number of requests with as many bytes (of
# the reply, too), asking for nothing.
def crossing_time(sizes)
  handle = TaskerCore::Core.current.instance_variable_get(:@handle)
  sizes.sum do |sent, received|
    request = ['ping', {}, [['', [['x' * (sent + received)]], nil]]].to_msgpack
    nanoseconds(sent + received > 10_000 ? 200 : 5000) { TaskerCore::Native.call(handle, request, false) } / 1e6
  end
end

def share(title, operation)
  operation.call
  sizes = Crossings.during(&operation)
  whole = World.compare({ title => operation }, seconds: 2).values.first.median
  crossing = crossing_time(sizes)
  BenchReport.figure("#{title}: calls", sizes.size)
  BenchReport.figure("#{title}: bytes both ways", sizes.flatten.sum)
  BenchReport.figure("#{title}: whole", whole, 'ms')
  BenchReport.target("#{title}: crossing", 100 * crossing / whole, at_most: 10, unit: '%')
end

# @return [Array<Integer>] tasks with lines of that many steps
def lines(*sizes)
  sizes.map { |steps| BenchRows.graph((1...steps).map { |place| [place - 1, place] }, steps:) }
       .tap { World.execute('ANALYZE') }
end

def operations(client)
  ten, hundred, thousand = lines(10, 100, 1000)
  tasks = World.connection.select_values('SELECT task_id FROM tasker_tasks ORDER BY 1 LIMIT 100')
  {
    'current_step_state' => -> { client.current_step_state(1) },
    'viable_steps, 10 steps' => -> { client.viable_steps(ten) },
    'step_readiness, 100 steps' => -> { client.step_readiness(hundred) },
    'step_readiness, 1,000 steps' => -> { client.step_readiness(thousand) },
    'task_execution_contexts, 100 tasks' => -> { client.task_execution_contexts(tasks) },
    'dependency_levels, 1,000 steps' => -> { client.dependency_levels(thousand) },
    'analyze_graph, 100 steps' => -> { client.analyze_graph(hundred) }
  }
end

def shares
  puts '', 'The share of crossing in operations that read the database'
  operations(World.client).each { |title, operation| share(title, operation) }
end

World.open do
  BenchRows.tasks(200)
  World.client.viable_steps(1)
  trivial
  TaskerCore::Native.singleton_class.prepend(Crossings)
  shares
end

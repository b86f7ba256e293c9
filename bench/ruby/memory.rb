# frozen_string_literal: true

# What the core costs a Rails process before it saves any time: how long the process takes to
# start and what it has in memory, with and without the core, after its start and after tasks;
# what the extension alone takes to load; and whether a million operations leave anything behind.
#
#   bin/postgres with ruby bench/ruby/memory.rb [--json] [--tasks=100] [--core-only]
require_relative '../support/report'
require_relative '../support/sides'

TASKS = Options.number('tasks', 100)
# Processes of each kind.
STARTS = 5
OPERATIONS = [10_000, 100_000, 1_000_000].freeze

def median(values) = values.sort[values.size / 2]

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Both kinds of process in turns.
#
# @return [Hash{String => Array<Array(Float, Float)>}] seconds and megabytes of each start
def starts
  taken = World.sides.to_h { |side| [side, []] }
  STARTS.times { taken.each { |side, list| list << start(side) } }
  taken
end

def start(side)
  began = clock
  runner = Sides.runner(side, ENV.fetch('DATABASE_URL'), [])
  [clock - began, runner.ask(:resident)]
ensure
  runner&.stop
end

# @return [Hash{String => Float}] megabytes of a process that has started
def starting
  puts '', 'The start of a Rails process, until it can run a task'
  starts.to_h do |side, list|
    seconds, resident = list.transpose.map { |values| median(values) }
    BenchReport.figure("#{side}: start", seconds, 's')
    BenchReport.figure("#{side}: resident memory after its start", resident, 'MB')
    [side, resident]
  end
end

# @return [Hash{Integer => Float}] megabytes by tasks that were run
def working(runner)
  [1, TASKS].zip([0, 1]).to_h do |count, before|
    (count - before).times { runner.ask(:run, workflow: 'line4') }
    resident = runner.ask(:resident)
    BenchReport.figure("#{runner.name}: resident memory after #{count} tasks of 4 steps", resident, 'MB')
    [count, resident]
  end
end

# Lines of ten whose session is asked what can run.
def operations(runner)
  puts '', 'Resident memory after operations of one process'
  resident = OPERATIONS.zip(runner.ask(:repeat, workflow: 'line10', counts: OPERATIONS))
  resident.each { |count, value| BenchReport.figure("after #{count} operations", value, 'MB') }
  BenchReport.target('what 1,000,000 operations add over 10,000', resident.last.last - resident.first.last,
                     at_most: 10, unit: 'MB')
end

# What a new process sees of the extension.
LOADING = <<~'SCRIPT'
  require 'active_record'
  require 'json'
  def memory = File.read('/proc/self/status')[/^VmRSS:\s+(\d+)/, 1].to_i / 1024.0
  def spent
    before = [memory, Process.clock_gettime(Process::CLOCK_MONOTONIC)]
    yield
    [memory - before[0], (Process.clock_gettime(Process::CLOCK_MONOTONIC) - before[1]) * 1000]
  end
  requiring = spent { require 'tasker_core' }
  loading = spent { TaskerCore::Library.load! }
  opening = spent { TaskerCore::Core.current.call('ping', {}) }
  reader, writer = IO.pipe
  child = fork do
    writer.puts spent { TaskerCore::Core.current.call('ping', {}) }.to_json
    exit!(0)
  end
  Process.wait(child)
  puts({ requiring:, loading:, opening:, forked: JSON.parse(reader.gets) }.to_json)
SCRIPT

PHASES = { 'requiring' => "require 'tasker_core'", 'loading' => 'load the extension', 'opening' => 'first call',
           'forked' => 'first call of a forked child, with a copy of its own' }.freeze

def in_new_process
  lib = File.expand_path('../../lib', __dir__)
  output, status = Open3.capture2(RbConfig.ruby, '-I', lib, '-e', LOADING)
  status.success? ? JSON.parse(output) : abort('the extension does not load')
end

def loading
  puts '', 'The gem alone, after Active Record'
  runs = Array.new(7) { in_new_process }
  PHASES.each do |name, title|
    memory, time = runs.map { |run| run.fetch(name) }.transpose.map { |values| median(values) }
    BenchReport.figure("#{title}: time", time, 'ms')
    BenchReport.figure("#{title}: resident memory", memory, 'MB')
  end
  file = Dir[File.expand_path('../../lib/tasker_core/tasker_core_native.*', __dir__)].first
  BenchReport.figure('size of the file', File.size(file) / (1024.0 * 1024), 'MB')
end

World.open do
  loading
  started = starting
  World.sides.each do |side|
    puts ''
    runner = Sides.runner(side, ENV.fetch('DATABASE_URL'), [])
    BenchReport.series('memory', side, { 0 => started.fetch(side), **working(runner) }, unit: 'MB')
    operations(runner) if side == 'core'
  ensure
    runner&.stop
  end
end

# frozen_string_literal: true

# Many at once: 1, 2, 4 and 8 processes on one database, each running its share of the same
# number of tasks (lines of 10 whose steps do nothing), by the engine and by the core in turns.
# Steps a second, and how busy the processors were with the processes and with everything
# else, which is the server. Each step must have run once, by the audit rows.
#
#   bin/postgres with ruby bench/ruby/throughput.rb [--json] [--tasks=160] [--processes=1,2,4,8]
require_relative '../support/report'
require_relative '../support/audit'
require_relative '../support/processors'
require_relative '../support/rates'
require_relative '../support/sides'
require_relative '../support/workflows'

WORKFLOW = 'line10'
# The engine takes some 25 times as long for a task.
TASKS = { 'engine' => Options.number('tasks', 160) / 8, 'core' => Options.number('tasks', 160) }.freeze
PROCESSES = Options.numbers('processes', [1, 2, 4, 8])

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Every process runs its share.
#
# @return [Array(Float, Float, Float)] seconds that it took, processor time of the processes
#   and of everything else
def spend(runners, tasks)
  shares = runners.zip(tasks.each_slice((tasks.size / runners.size.to_f).ceil)).select(&:last)
  before = [clock, Processors.busy]
  own = shares.map { |runner, share| Thread.new { runner.ask(:many, workflow: WORKFLOW, tasks: share) } }.sum(&:value)
  taken, all = [clock, Processors.busy].zip(before).map { |now, then_| now - then_ }
  [taken, own, all - own]
end

def processes(count) = count == 1 ? '1 process' : "#{count} processes"

def measure(side, runners)
  title = "#{side}, #{processes(runners.size)}"
  tasks = runners.first.ask(:create, workflow: WORKFLOW, count: TASKS.fetch(side))
  taken, own, server = spend(runners, tasks)
  BenchReport.target("#{title}: steps that did not run once", Audit.wrong(tasks).size,
                     at_most: 0, unit: '')
  rate = tasks.size * 10 / taken
  BenchReport.figure("#{title}: steps a second", rate, '/s')
  BenchReport.figure("#{title}: processors busy with them", own / taken)
  BenchReport.figure("#{title}: processors busy with all else", server / taken)
  rate
end

# @return [Hash{String => Array<Runner>}] as many as are needed at most
def start(url)
  World.sides.to_h do |side|
    runners = Array.new(PROCESSES.max) { Sides.runner(side, url, []) }
    runners.each { |runner| runner.ask(:run, workflow: WORKFLOW) }
    [side, runners]
  end
end

World.open do
  sides = start(ENV.fetch('DATABASE_URL'))
  Rates.compare('throughput', sides.keys, PROCESSES.to_h { |count| [count, processes(count)] }) do |side, count|
    measure(side, sides.fetch(side).first(count))
  end
ensure
  sides&.each_value { |runners| runners.each(&:stop) }
end

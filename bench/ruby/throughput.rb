# frozen_string_literal: true

# Many at once: 1, 2, 4 and 8 processes on one database, each running its share of the same
# number of tasks (lines of 10 whose steps do nothing), by the engine and by the core in turns.
# Steps a second, and how busy the processors were with the processes and with everything
# else, which is the server. Each step must have run once, by the audit rows.
#
#   bin/postgres with ruby bench/ruby/throughput.rb [--json] [--tasks=160] [--processes=1,2,4,8]
require 'etc'
require_relative '../support/report'
require_relative '../support/sides'
require_relative '../support/workflows'

WORKFLOW = 'line10'
# The engine takes some 25 times as long for a task.
TASKS = { 'engine' => Options.number('tasks', 160) / 8, 'core' => Options.number('tasks', 160) }.freeze
PROCESSES = Options.numbers('processes', [1, 2, 4, 8])

# Seconds of processor time that the machine has spent on anything.
def busy
  user, nice, system, = File.read('/proc/stat')[/\Acpu +(.*)/, 1].split.map(&:to_i)
  (user + nice + system) / Float(Etc.sysconf(Etc::SC_CLK_TCK))
end

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Every process runs its share.
#
# @return [Array(Float, Float, Float)] seconds that it took, processor time of the processes
#   and of everything else
def spend(runners, tasks)
  shares = runners.zip(tasks.each_slice((tasks.size / runners.size.to_f).ceil)).select(&:last)
  before = [clock, busy]
  own = shares.map { |runner, share| Thread.new { runner.ask(:many, workflow: WORKFLOW, tasks: share) } }.sum(&:value)
  taken, all = [clock, busy].zip(before).map { |now, then_| now - then_ }
  [taken, own, all - own]
end

# How often a step of these tasks was completed, where that is not once.
def wrong(tasks)
  World.connection.select_values(<<~SQL)
    SELECT s.workflow_step_id FROM tasker_workflow_steps s
    LEFT JOIN tasker_workflow_step_transitions t ON t.workflow_step_id = s.workflow_step_id AND t.to_state = 'complete'
    WHERE s.task_id IN (#{tasks.join(', ')}) GROUP BY 1 HAVING count(t.*) <> 1
  SQL
end

def processes(count) = count == 1 ? '1 process' : "#{count} processes"

def measure(side, runners)
  title = "#{side}, #{processes(runners.size)}"
  tasks = runners.first.ask(:create, workflow: WORKFLOW, count: TASKS.fetch(side))
  taken, own, server = spend(runners, tasks)
  BenchReport.target("#{title}: steps that did not run once", wrong(tasks).size,
                     at_most: 0, unit: '')
  rate = tasks.size * 10 / taken
  BenchReport.figure("#{title}: steps a second", rate, '/s')
  BenchReport.figure("#{title}: processors busy with them", own / taken)
  BenchReport.figure("#{title}: processors busy with all else", server / taken)
  rate
end

# @return [Hash{String => Array<Runner>}] as many as are needed at most
def start(url)
  (World.engine? ? %w[engine core] : ['core']).to_h do |side|
    runners = Array.new(PROCESSES.max) { Sides.runner(side, url, []) }
    runners.each { |runner| runner.ask(:run, workflow: WORKFLOW) }
    [side, runners]
  end
end

World.open do
  sides = start(ENV.fetch('DATABASE_URL'))
  PROCESSES.each do |count|
    puts '', processes(count)
    rates = sides.to_h { |side, runners| [side, measure(side, runners.first(count))] }
    BenchReport.figure("#{processes(count)}, against the engine", rates['core'] / rates['engine'], 'x') if World.engine?
  end
ensure
  sides&.each_value { |runners| runners.each(&:stop) }
end

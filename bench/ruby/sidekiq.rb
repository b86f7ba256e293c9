# frozen_string_literal: true

# Tasks of 1 -> 4 -> 1 in a real Sidekiq process on a Redis of its own: enqueued first,
# then run by threads that share a pool of connections, larger and as large as they are
# many. Time from the first start of a task to the last completion, by the engine and by
# the core in turns. What never completes is given up after the limit, which is a result.
#
#   bin/postgres with ruby bench/ruby/sidekiq.rb [--json] [--tasks=40] [--threads=5] [--limit=45] [--runs=3]
require_relative '../support/report'
require_relative '../support/audit'
require_relative '../support/sidekiq_client'
require_relative '../support/sidekiq_process'

TASKS = Options.number('tasks', 40)
THREADS = Options.number('threads', 5)
LIMIT = Options.number('limit', 45)
RUNS = Options.number('runs', 3)
# As many as are enough for both, twice the threads, and as many as Rails has by itself.
POOLS = [5 * THREADS, 2 * THREADS, THREADS].freeze

# A run: how many tasks were completed, and in how many seconds; the limit where not all were.
Run = Struct.new(:done, :seconds) do
  def complete? = done == TASKS

  def milliseconds = seconds * 1000
end

def run(side, pool)
  ids = SidekiqClient.tasks('small_fan', TASKS)
  SidekiqClient.enqueue(ids)
  process = SidekiqProcess.new(side, threads: THREADS, pool:)
  SidekiqClient.wait_for(ids, LIMIT)
  process.stop
  finished(ids)
end

# From the audit rows: the process's own start does not count.
def finished(ids)
  done, seconds = Audit.tasks(ids)
  Run.new(done, done == TASKS ? seconds : LIMIT.to_f)
end

# In turns. Who has not completed every task once is not asked again.
#
# @return [Hash{String => Array<Run>}] by side
def in_turns(pool)
  taken = World.sides.to_h { |side| [side, []] }
  RUNS.times { taken.each { |side, runs| runs << run(side, pool) if runs.all?(&:complete?) } }
  taken
end

# @return [Hash{String => Float}] milliseconds by side: medians, the limit where a run was given up
def measure(pool)
  puts '', "A pool of #{pool} connections, #{THREADS} threads, #{TASKS} tasks of 1 -> 4 -> 1"
  runs = in_turns(pool)
  times = spreads(runs)
  World.table("in Sidekiq, a pool of #{pool} connections", times) if times.any?
  runs.to_h { |side, own| [side, times[side]&.median || give_up(side, own.last)] }
end

# Of those that completed every task.
def spreads(runs)
  completed = runs.select { |_, own| own.all?(&:complete?) }
  completed.transform_values { |own| Spread.of(own.map(&:milliseconds)) }
end

def give_up(side, run)
  BenchReport.figure("#{side}: tasks of #{TASKS} that were completed within #{LIMIT} s", run.done)
  run.milliseconds
end

def judge(measured)
  puts ''
  most, least = measured.values_at(POOLS.max, POOLS.min)
  BenchReport.target("core: a pool of #{POOLS.min} over one of #{POOLS.max}", least['core'] / most['core'],
                     at_most: 1.5)
  return unless World.compared?

  BenchReport.target("a pool of #{POOLS.max}, against the engine", most['engine'] / most['core'], at_least: 15)
end

World.open do
  SidekiqClient.open { judge(POOLS.to_h { |pool| [pool, measure(pool)] }) }
end

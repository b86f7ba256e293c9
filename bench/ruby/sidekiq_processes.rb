# frozen_string_literal: true

# Many at once through Sidekiq: 1, 2 and 4 Sidekiq processes of five threads each on one Redis and
# one database, by the engine and by the core. The tasks are made first, the processes started,
# then all jobs enqueued at once. Steps a second from the first start of a task to the last
# completion, and how busy the processors were with the processes and with all else, which is
# PostgreSQL and Redis. Each step must have run once, by the audit rows.
#
#   bin/postgres with ruby bench/ruby/sidekiq_processes.rb [--json] [--tasks=200] [--processes=1,2,4] [--limit=120]
require_relative '../support/report'
require_relative '../support/audit'
require_relative '../support/processors'
require_relative '../support/rates'
require_relative '../support/sidekiq_client'
require_relative '../support/sidekiq_process'

WORKFLOW = 'line10'
STEPS = OrchestrationBench::Workflows::SIZES.fetch(WORKFLOW)
# The engine takes some 25 times as long for a task.
TASKS = { 'engine' => [Options.number('tasks', 200) / 8, 1].max, 'core' => Options.number('tasks', 200) }.freeze
PROCESSES = Options.numbers('processes', [1, 2, 4])
THREADS = 5
# As many as the engine needs: with a pool of its threads it stands still.
POOL = 5 * THREADS
# Seconds after which a run is given up.
LIMIT = Options.number('limit', 120)

def processes(count) = count == 1 ? '1 Sidekiq process' : "#{count} Sidekiq processes"

# @return [Array<Integer>] the tasks, after all ran or the limit was over
# @yieldparam taken [Float] seconds from the first start to the last completion
def run(side, count)
  tasks = SidekiqClient.tasks(WORKFLOW, TASKS.fetch(side))
  started = Array.new(count) { SidekiqProcess.new(side, threads: THREADS, pool: POOL) }
  SidekiqClient.wait_for_processes(count)
  busy(started.map(&:pid)) { work(tasks) }.then { |own, others| [tasks, own, others] }
ensure
  started&.each(&:stop)
end

def work(tasks)
  SidekiqClient.enqueue(tasks)
  SidekiqClient.wait_for(tasks, LIMIT)
end

# @return [Array<Float>] how many processors these processes had, and how many all else
def busy(pids)
  before = [Processors.of(pids), Processors.busy, SidekiqClient.clock]
  yield
  own, all, taken = [Processors.of(pids), Processors.busy, SidekiqClient.clock].zip(before).map { |now, was| now - was }
  [own / taken, (all - own) / taken]
end

# @return [Float] steps a second
def measure(side, count)
  title = "#{side}, #{processes(count)}"
  tasks, own, others = run(side, count)
  done, seconds = Audit.tasks(tasks)
  return given_up(title, tasks) if done < tasks.size

  BenchReport.target("#{title}: steps that did not run once", Audit.wrong(tasks).size, at_most: 0, unit: '')
  rate = tasks.size * STEPS / seconds
  BenchReport.figure("#{title}: steps a second", rate, '/s')
  BenchReport.figure("#{title}: processors busy with them", own)
  BenchReport.figure("#{title}: processors busy with all else", others)
  rate
end

# @return [Float] steps a second within the limit
def given_up(title, tasks)
  steps = Audit.complete_steps(tasks)
  BenchReport.figure("#{title}: given up after #{LIMIT} s, complete steps of #{tasks.size * STEPS}", steps)
  steps / LIMIT.to_f
end

World.open do
  SidekiqClient.open do
    Rates.compare('sidekiq', World.sides, PROCESSES.to_h { |count| [count, processes(count)] }) do |side, count|
      measure(side, count)
    end
  end
end

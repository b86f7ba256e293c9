# frozen_string_literal: true

# Tasks of 1 -> 4 -> 1 in a real Sidekiq process on a Redis of its own: enqueued first,
# then run by threads that share a pool of connections, larger and as large as they are
# many. Time from the first start of a task to the last completion, by the engine and by
# the core in turns. What never completes is given up after the limit, which is a result.
#
#   bin/postgres with ruby bench/ruby/sidekiq.rb [--json] [--tasks=40] [--threads=5] [--limit=60] [--runs=3]
require_relative '../support/report'
require_relative '../support/private_redis'
require_relative '../support/side'
begin
  require 'sidekiq'
rescue LoadError
  abort 'The gem sidekiq is not here.'
end

TASKS = Options.number('tasks', 40)
THREADS = Options.number('threads', 5)
LIMIT = Options.number('limit', 60)
RUNS = Options.number('runs', 3)
# As many as are enough for both, twice the threads, and as many as Rails has by itself.
POOLS = [5 * THREADS, 2 * THREADS, THREADS].freeze
APPLICATION = File.expand_path('../support/sidekiq_application.rb', __dir__)

# A run: how many tasks were completed, and in how many seconds; the limit where not all were.
Run = Struct.new(:done, :seconds) do
  def complete? = done == TASKS
end

def sides = World.engine? ? %w[engine core] : ['core']

# The tasks are made by the engine in this process, and enqueued.
def prepare
  Side.load_stand_in(IO::NULL) unless World.engine?
  Sidekiq.default_configuration.logger.level = Logger::WARN
  ActiveJob::Base.queue_adapter = :sidekiq
  ActiveJob::Base.logger = nil
  TaskerCore.configure do |config|
    TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", :off) }
  end
  OrchestrationBench::Workflows.define
end

def run(side, pool)
  Sidekiq.redis { |redis| redis.call('FLUSHALL') }
  ids = Array.new(TASKS) { OrchestrationBench::Workflows.create('small_fan').task_id }
  with_sidekiq(side, pool) { wait_for(ids) }
  finished(ids)
end

def with_sidekiq(side, pool)
  environment = { 'SIDE' => side, 'DATABASE_URL' => "#{ENV.fetch('DATABASE_URL')}#{separator}pool=#{pool}" }
  pid = spawn(environment, RbConfig.ruby, '-W0', '-S', 'sidekiq', '-r', APPLICATION, '-c', THREADS.to_s, '-t', '1',
              %i[out err] => File::NULL)
  yield
ensure
  end_process(pid)
end

def separator = ENV.fetch('DATABASE_URL').include?('?') ? '&' : '?'

def end_process(pid)
  Process.kill(:TERM, pid)
  200.times { Process.wait(pid, Process::WNOHANG) ? return : sleep(0.1) }
  Process.kill(:KILL, pid)
  Process.wait(pid)
end

def wait_for(ids)
  limit = clock + LIMIT
  sleep 0.2 until Tasker::Task.where(task_id: ids, complete: true).count == ids.size || clock > limit
end

# From the audit rows: the process's own start does not count.
def finished(ids)
  done, seconds = World.connection.select_rows(<<~SQL).first
    SELECT count(*) FILTER (WHERE to_state = 'complete'),
      extract(epoch FROM max(created_at) - min(created_at) FILTER (WHERE to_state = 'in_progress'))::float
    FROM tasker_task_transitions WHERE task_id IN (#{ids.join(', ')}) AND to_state IN ('in_progress', 'complete')
  SQL
  Run.new(done, done == TASKS ? seconds : LIMIT.to_f)
end

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# In turns. Who has not completed every task once is not asked again.
#
# @return [Hash{String => Array<Run>}] by side
def in_turns(pool)
  taken = sides.to_h { |side| [side, []] }
  RUNS.times { taken.each { |side, runs| runs << run(side, pool) if runs.all?(&:complete?) } }
  taken
end

# @return [Hash{String => Float}] seconds by side: medians, the limit where a run was given up
def measure(pool)
  puts '', "A pool of #{pool} connections, #{THREADS} threads, #{TASKS} tasks of 1 -> 4 -> 1"
  in_turns(pool).to_h { |side, runs| [side, show(side, runs)] }
end

def show(side, runs)
  if (given_up = runs.find { |run| !run.complete? })
    BenchReport.figure("#{side}: tasks of #{TASKS} that were completed within #{LIMIT} s", given_up.done)
    return given_up.seconds
  end
  times = Spread.of(runs.map(&:seconds))
  times.to_h.slice(:median, :least, :most).each { |kind, seconds| BenchReport.figure("#{side}: #{kind}", seconds, 's') }
  times.median
end

def judge(measured)
  puts ''
  most, least = measured.values_at(POOLS.max, POOLS.min)
  BenchReport.target("core: a pool of #{POOLS.min} over one of #{POOLS.max}", least['core'] / most['core'],
                     at_most: 1.5)
  return unless World.engine?

  BenchReport.target("a pool of #{POOLS.max}, against the engine", most['engine'] / most['core'], at_least: 15)
end

World.open do
  prepare
  PrivateRedis.open do |url|
    ENV['REDIS_URL'] = url
    judge(POOLS.to_h { |pool| [pool, measure(pool)] })
  end
end

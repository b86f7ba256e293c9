# frozen_string_literal: true

# The loop that runs a task: lines and a fan of steps that do nothing, every event
# published to a Ruby subscriber, in three columns: the engine, the engine with its
# sequence loaded in one query (a few lines of Ruby of our own), and the core.
# Without the gem tasker-engine there is nothing to compare with: only the core's
# column is measured, on the stand-in of the specs.
#
#   bin/postgres with ruby bench/orchestration.rb [--json] [--log-level=info] [--core-only]
require_relative 'support/orchestration'

COLUMNS = { 'engine' => :off, 'engine, sequence in one query' => :off, 'core' => :active }.freeze
LOG_LEVEL = (ARGV.grep(/\A--log-level=/).first || '--log-level=warn').split('=').last.to_sym
CORE_ONLY = ARGV.include?('--core-only')
ROUNDS = { 'line10' => 7, 'line50' => 3, 'fan' => 3 }.freeze

include OrchestrationBench # rubocop:disable Style/MixinUsage

# Everything that is published has a subscriber, in every column.
def subscribe
  names = [Tasker::Constants::TaskEvents, Tasker::Constants::StepEvents, Tasker::Constants::WorkflowEvents]
  observed = Tasker::Constants::ObservabilityEvents if Tasker::Constants.const_defined?(:ObservabilityEvents)
  names.push(observed::Task, observed::Step) if observed
  events = names.flat_map { |group| group.constants.map { |name| group.const_get(name) } }.grep(String).uniq
  @published = Hash.new(0)
  events.each { |event| Tasker::Events::Publisher.instance.subscribe(event) { |_| @published[event] += 1 } }
end

# What a Rails application brings otherwise.
def load_stand_in
  require File.expand_path('../spec/support/engine', __dir__)
  Rails.logger = Logger.new(IO::NULL)
  Time.zone_default = Time.find_zone!('UTC')
end

def prepare
  load_stand_in unless World.engine?
  Rails.logger.level = LOG_LEVEL
  ActiveJob::Base.queue_adapter = :test
  ActiveJob::Base.logger = nil
  Workflows.define
  Tasker::Orchestration::StepSequenceFactory.prepend(OneQuerySequence)
  Marks::Publishing.prepended_to(Tasker::Concerns::EventPublisher)
  PG::Connection.prepend(Marks::Database)
  subscribe
  puts "Rails.logger is at :#{LOG_LEVEL}; every event has a Ruby subscriber; handlers do nothing."
end

def compared? = World.engine? && !CORE_ONLY

def columns = compared? ? COLUMNS.keys : ['core']

def set(column)
  OneQuerySequence.on = column.include?('one query')
  TaskerCore.configure do |config|
    TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", COLUMNS.fetch(column)) }
  end
end

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)

def median(values) = values.sort[values.size / 2]

# Creates a task, and gives it with what runs it.
def prepared(name, column)
  set(column)
  task = Workflows.create(name)
  handler = Tasker::HandlerFactory.instance.get(name)
  [task, -> { handler.handle(task) }]
end

# @return [Float] milliseconds of a run, without creating its task
def milliseconds(name, column)
  task, work = prepared(name, column)
  started = clock
  work.call
  (clock - started).tap { complete!(task) }
end

def complete!(task)
  state = Tasker::Task.find(task.task_id).status
  abort "task #{task.task_id} ended as #{state}" unless state == 'complete'
end

# Wall time in turns: each round runs every column once, and the core twice more.
def times(name)
  taken = columns.to_h { |column| [column, []] }
  ROUNDS.fetch(name).times do
    columns.each { |column| taken[column] << milliseconds(name, column) }
    2.times { taken['core'] << milliseconds(name, 'core') }
  end
  taken.transform_values { |values| [median(values), values.min] }
end

def compare(name, title, wanted)
  results = times(name)
  World.table("#{title}: a whole run", results)
  results.each { |column, all| BenchReport.figure("#{column}: a step", all.first / Workflows::SIZES[name], 'ms') }
  return unless compared?

  engine, patched, core = results.values.map(&:first)
  BenchReport.target("#{title} against the engine", engine / core, at_least: wanted)
  BenchReport.figure("#{title} against the engine with one query", patched / core, 'x')
end

# Statements of whole runs, and of a further step: the difference between lines of 50
# and of 10, so that start and end of a run do not count.
def statements
  puts '', 'Statements'
  columns.each do |column|
    ten, fifty = %w[line10 line50].map do |name|
      _, work = prepared(name, column)
      Statements.during(&work)
    end
    BenchReport.figure("#{column}: a whole run of 10, a step", ten.all / 10.0)
    further = ten.to_a.zip(fifty.to_a).map { |less, more| (more - less) / 40.0 }
    ['data statements', 'transactions', 'statements with BEGIN and COMMIT'].zip(further,
                                                                                [2, 2, 6]) do |what, count, most|
      name = "#{column}: #{what} of a further step"
      column == 'core' ? BenchReport.target(name, count, at_most: most, unit: '') : BenchReport.figure(name, count)
    end
  end
end

def linear
  puts '', 'Length of a line, core'
  per_step = %w[line10 line50 line200 line1000].to_h do |name|
    time = median(Array.new(name == 'line1000' ? 2 : 3) { milliseconds(name, 'core') })
    [name, (time / Workflows::SIZES[name]).tap { |each| BenchReport.figure("#{name}: a step", each, 'ms') }]
  end
  BenchReport.target('a step of 1,000 over one of 50', per_step['line1000'] / per_step['line50'], at_most: 1.5)
end

def handoff
  puts '', 'Hand-off from one handler to the next, in lines of 50'
  samples = Array.new(8) do
    _, work = prepared('line50', 'core')
    Marks.during(&work)
  end.flatten
  %i[whole database publishing rest].each do |part|
    values = samples.map { |sample| sample[part] }.sort
    BenchReport.figure("#{part}: median", values[values.size / 2], 'ms')
    next BenchReport.figure("#{part}: p99", values[values.size * 99 / 100], 'ms') unless part == :rest

    BenchReport.target('all but handler, PostgreSQL and publishing: p99', values[values.size * 99 / 100],
                       at_most: 0.25, unit: 'ms')
  end
end

# Ready step ids from an open session, as the loop asks for them.
def sessions
  puts '', 'Ready step ids from a session of 100 steps, asked from Ruby'
  host = TaskerCore::HostConnection.new(Tasker::ApplicationRecord.connection)
  core = TaskerCore::Core.current
  { 'line100' => 'a line, 1 ready', 'wide100' => 'all 100 ready' }.each do |name, title|
    task, = prepared(name, 'core')
    session, = core.call('open_session', { 'task_id' => task.task_id, 'function_version' => 2 }, host)
    ask = { 'session' => session }
    taken = Array.new(5000) do
      started = clock
      core.call('session_next', ask)
      (clock - started) * 1000
    end
    BenchReport.target(title, median(taken), at_most: 10.0, unit: 'us')
    core.call('close_session', ask)
  end
end

# The statements of a run, as Active Record saw them: text and values by name.
def captured
  seen = {}
  listener = ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
    name = payload[:name].to_s
    seen[name.delete_prefix('TaskerCore ')] = payload.values_at(:sql, :binds) if name.start_with?('TaskerCore')
  end
  prepared('line10', 'core').last.call
  seen
ensure
  ActiveSupport::Notifications.unsubscribe(listener)
end

# The same claim and completion of each step, through the pg gem alone: three round
# trips and one commit each.
def limit
  puts '', 'The limit: the statements and commits of a step, through the pg gem alone'
  bare = median(bare_steps)
  core = median(Array.new(5) { milliseconds('line50', 'core') }) / 50
  BenchReport.figure('a step, limit: median', bare, 'ms')
  BenchReport.figure('a step, core, in the same minute', core, 'ms')
  BenchReport.figure('the distance', core / bare, 'x')
  BenchReport.target('a step of a line', core, at_most: 3.0, unit: 'ms')
end

# @return [Array<Float>] milliseconds of each step
def bare_steps
  claim, finish = captured.values_at('claim_step', 'finish_step')
  connection = PG.connect(ENV.fetch('DATABASE_URL'))
  connection.prepare('claim', claim.first)
  connection.prepare('finish', finish.first)
  Array.new(4) { replay(connection, *finish.last[2..]) }.flatten
ensure
  connection&.close
end

def replay(connection, *rest)
  task, = prepared('line50', 'core')
  task.workflow_steps.order(:workflow_step_id).ids.map do |id|
    started = clock
    claimed = connection.transaction { connection.exec_prepared('claim', [id, rest[1]]).getvalue(0, 0) }
    token = PG::TextDecoder::Array.new.decode(claimed).first
    connection.transaction { connection.exec_prepared('finish', [id, token, *rest]) }
    abort "step #{id} was not claimed" unless token
    clock - started
  end
end

World.open do
  prepare
  2.times { columns.each { |column| milliseconds('line10', column) } }
  compare('line10', 'a line of 10', 30)
  compare('line50', 'a line of 50', 60)
  compare('fan', '1 -> 28 -> 1', 30)
  statements
  linear
  handoff
  sessions
  limit
end

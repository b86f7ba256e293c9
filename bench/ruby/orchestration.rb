# frozen_string_literal: true

# The loop that runs a task, on the real engine: lines, a fan and layers of steps that do
# nothing, in columns: the engine, the engine with its sequence loaded in one query (a few
# lines of Ruby of our own), and the core. Each is a process of its own; they take turns.
# Beside them DBOS for Python, where PyPI answers. Without the gem tasker-engine there is
# nothing to compare with: only the core's column is measured, on the stand-in.
#
#   bin/postgres with ruby bench/ruby/orchestration.rb [--json] [--runs=3] [--core-only] [--only=counts,handoff]
require_relative '../support/report'
require_relative '../support/sides'
require_relative '../support/workflows'

RUNS = ARGV.grep(/\A--runs=/).first&.split('=')&.last&.to_i
ONLY = ARGV.grep(/\A--only=/).first&.split('=')&.last&.split(',')
CORE_ONLY = ARGV.include?('--core-only')
ROUNDS = { 'line10' => 9, 'line50' => 5, 'fan' => 5, 'layers' => 7 }.freeze
TITLES = { 'line10' => 'a line of 10', 'line50' => 'a line of 50', 'fan' => '1 -> 28 -> 1',
           'layers' => 'four layers of five' }.freeze
SIZES = OrchestrationBench::Workflows::SIZES
# How whole runs are measured, and how many times faster than the engine the core is to be.
DETACHED = "the engine's subscriber detached"
CIRCUMSTANCES = {
  DETACHED => [{ telemetry: false }, { 'line10' => 28, 'line50' => 100, 'fan' => 27, 'layers' => 25 }],
  'as it comes' => [{ telemetry: true }, { 'line10' => 22, 'line50' => 80, 'fan' => 22, 'layers' => 20 }],
  'the application subscribes to every event' => [{ application: true }, { 'line10' => nil, 'fan' => nil }],
  'Rails.logger at :info' => [{ level: 'info' }, { 'line10' => nil, 'fan' => nil }]
}.freeze

def compared? = World.engine? && !CORE_ONLY

def columns = compared? ? Sides::COLUMNS.keys : ['core']

# The stand-in has no subscriber of its own, and its publisher is not the engine's.
def circumstances = CIRCUMSTANCES.keys.values_at(*(World.engine? ? 0..3 : [0, 3]))

def rounds(workflow) = RUNS || ROUNDS.fetch(workflow, 3)

def median(values) = values.sort[values.size / 2]

# Runs of one shape in one circumstance, with the peer where it can run that.
def compare(runners, peer, workflow, circumstance)
  arguments, wanted = CIRCUMSTANCES.fetch(circumstance)
  return unless wanted.key?(workflow)

  runners = runners.merge(peer.name => peer) if peer && circumstance == DETACHED && workflow.start_with?('line')
  results = Sides.in_turns(runners, rounds(workflow), workflow:, **arguments)
  title = "#{TITLES.fetch(workflow)}, #{circumstance}"
  show(title, results, workflow)
  judge(title, results, wanted[workflow])
end

def show(title, results, workflow)
  World.table("#{title}: a whole run", results)
  results.each { |name, times| BenchReport.figure("#{name}: a step", times.median / SIZES[workflow], 'ms') }
end

# What is wanted against the engine, where something is, and against the peer.
def judge(title, results, wanted)
  engine, patched, core, peer = [*Sides::COLUMNS.keys, 'DBOS for Python'].map { |name| results[name]&.median }
  if engine
    ratio = ["#{title}, against the engine", engine / core]
    wanted ? BenchReport.target(*ratio, at_least: wanted) : BenchReport.figure(*ratio, 'x')
    BenchReport.figure("#{title}, against the engine with one query", patched / core, 'x')
  end
  BenchReport.target("#{title}: time against DBOS for Python", core / peer, at_most: 0.8) if peer
end

def whole_runs(runners)
  puts "Rails.logger is quiet unless said otherwise; #{telemetry(runners)}"
  peer = start_peer
  TITLES.each_key do |workflow|
    Sides.warm_up(runners, workflow)
    circumstances.each { |circumstance| compare(runners, peer, workflow, circumstance) }
  end
ensure
  peer&.stop
end

def telemetry(runners)
  return 'without the engine there is no subscriber of its.' unless World.engine?
  return 'OpenTelemetry is set up, its spans are batched and thrown away.' if runners.values.last.greeting['telemetry']

  'the gem opentelemetry-sdk is not here, so the engine attaches no subscriber.'
end

# @return [Runner, nil]
def start_peer
  reason = compared? ? Peer.missing : 'it is compared on the real engine only.'
  return puts("DBOS for Python is not measured: #{reason}") if reason

  peer = Peer.start(World.another_database('peer'))
  Sides.warm_up({ peer.name => peer }, 'line10')
  puts "#{peer.name} #{peer.greeting['version']} has a database of its own on the same server, and does not trace."
  peer
rescue Runner::Failed => e
  puts "DBOS for Python is not measured: #{e.message}"
end

def at_a_distance(_)
  puts '', 'A database 1 ms away: a proxy that hands everything on 0.5 ms later, each way'
  Sides.at_a_distance(ENV.fetch('DATABASE_URL'), 0.5) do |url|
    Sides.open(columns, url:) do |runners|
      BenchReport.figure('SELECT 1 there and back', runners['core'].greeting['round_trip_ms'], 'ms')
      results = Sides.in_turns(runners, rounds('line10'), workflow: 'line10')
      show('a line of 10, 1 ms away', results, 'line10')
      judge('a line of 10, 1 ms away', results, 45)
    end
  end
end

def compiled(_)
  puts '', 'With YJIT'
  return puts('  This Ruby is built without YJIT.') unless defined?(RubyVM::YJIT)

  Sides.open(columns, url: ENV.fetch('DATABASE_URL'), options: ['--yjit']) do |runners|
    # A hundred runs, so that what is called often is compiled.
    runners.each_value { |runner| 10.times { runner.ask(:run, workflow: 'line10') } }
    %w[line10 line50 fan].each do |workflow|
      results = Sides.in_turns(runners, rounds(workflow), workflow:)
      show("#{TITLES.fetch(workflow)}, YJIT", results, workflow)
      judge("#{TITLES.fetch(workflow)}, YJIT", results, nil)
    end
  end
end

# The most that a further step of the core's may make of Ruby calls and objects.
MOST = { DETACHED => { 'calls' => 6000, 'objects' => 650 },
         'as it comes' => { 'calls' => 9800, 'objects' => 1150 } }.freeze
MOST_AT_ENDS = { DETACHED => { 'calls' => 22_000, 'statements' => 18 }, 'as it comes' => {} }.freeze

def counts(runners)
  MOST.slice(*circumstances).each_key do |circumstance|
    puts '', "Counts, #{circumstance}"
    runners.each_value { |runner| counted(runner, circumstance) }
  end
end

# What a further step makes, the difference between lines of 50 and of 10, and what start
# and end of a run make: what is left of a line of 10. (The engine's steps are not alike: it
# makes more of each the longer the line is.)
def counted(runner, circumstance)
  core = runner.name == 'core'
  arguments = { ruby: core, **CIRCUMSTANCES.fetch(circumstance).first }
  ten, fifty = %w[line10 line50].map { |workflow| runner.ask(:count, workflow:, **arguments) }
  further = ten.to_h { |kind, count| [kind, (fifty[kind] - count) / 40.0] }
  return count("#{runner.name}, a further step", further, {}) unless core

  count("core, #{circumstance}, a further step", further,
        { 'data' => 1, 'statements' => 1, **MOST.fetch(circumstance) })
  ends = ten.to_h { |kind, count| [kind, count - (10 * further[kind])] }
  count("core, #{circumstance}, start and end", ends, MOST_AT_ENDS.fetch(circumstance))
end

NAMES = { 'data' => 'data statements', 'transactions' => 'transactions', 'calls' => 'Ruby calls',
          'statements' => 'all statements', 'objects' => 'objects' }.freeze

def count(title, counted, limits)
  NAMES.slice(*counted.keys).each do |kind, name|
    value = counted.fetch(kind).to_f
    next BenchReport.figure("#{title}: #{name}", value) unless limits.key?(kind)

    BenchReport.target("#{title}: #{name}", value, at_most: limits[kind], unit: '')
  end
end

def linear(runners)
  core = runners.fetch('core')
  puts '', 'Length of a line, core'
  per_step = %w[line10 line50 line200 line1000].to_h do |workflow|
    time = median(Array.new(workflow == 'line1000' ? 2 : 3) { core.ask(:run, workflow:) })
    [workflow, (time / SIZES[workflow]).tap { |each| BenchReport.figure("#{workflow}: a step", each, 'ms') }]
  end
  BenchReport.target('a step of 1,000 over one of 50', per_step['line1000'] / per_step['line50'], at_most: 1.5)
end

# Ready step ids from an open session, as the loop asks for them.
def sessions(runners)
  core = runners.fetch('core')
  puts '', 'Ready step ids from a session of 100 steps, asked from Ruby'
  { 'line100' => 'a line, 1 ready', 'wide100' => 'all 100 ready' }.each do |workflow, title|
    BenchReport.target(title, median(core.ask(:sessions, workflow:, times: 5000)), at_most: 10.0, unit: 'us')
  end
end

# The same claim and completion of each step, through the pg gem alone.
def limit(runners)
  core = runners.fetch('core')
  puts '', 'The limit: claim and completion of a step, a statement and a commit each, through the pg gem alone'
  bare = median(Array.new(4) { core.ask(:steps, workflow: 'line50') }.flatten)
  step = median(Array.new(5) { core.ask(:run, workflow: 'line50') }) / 50
  BenchReport.figure('a step, limit: median', bare, 'ms')
  BenchReport.figure('a step, core, in the same minute', step, 'ms')
  BenchReport.figure('the distance', step / bare, 'x')
  BenchReport.target('a step of a line', step, at_most: 3.0, unit: 'ms')
end

# The marks stay in the processes, so nothing else is asked of them after this.
def handoff(runners)
  core = runners.fetch('core')
  puts '', 'Hand-off from one handler to the next, in lines of 50'
  samples = core.ask(:handoffs, workflow: 'line50', runs: 8)
  %w[whole database publishing rest].each do |part|
    values = samples.map { |sample| sample[part] }.sort
    p99 = values[values.size * 99 / 100]
    BenchReport.figure("#{part}: median", values[values.size / 2], 'ms')
    next BenchReport.figure("#{part}: p99", p99, 'ms') unless part == 'rest'

    BenchReport.target('all but handler, PostgreSQL and publishing: p99', p99, at_most: 1.0, unit: 'ms')
  end
end

SECTIONS = %i[whole_runs at_a_distance counts linear sessions limit handoff compiled].freeze

World.open do
  Sides.open(columns, url: ENV.fetch('DATABASE_URL')) do |runners|
    SECTIONS.each { |section| send(section, runners) if ONLY.nil? || ONLY.include?(section.to_s) }
  end
end

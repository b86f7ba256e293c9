# frozen_string_literal: true

# Inside the loop that runs a task: what a further step makes of statements, Ruby calls and
# objects, whether it costs the same in longer lines, what asking a session takes, the limit
# that PostgreSQL sets, and the hand-off from one handler to the next. bench/ruby/workflows.rb
# compares whole runs.
#
#   bin/postgres with ruby bench/ruby/orchestration.rb [--json] [--runs=3] [--core-only] [--only=counts,handoff]
require_relative '../support/report'
require_relative '../support/sides'
require_relative '../support/workflows'

RUNS = ARGV.grep(/\A--runs=/).first&.split('=')&.last&.to_i
ONLY = ARGV.grep(/\A--only=/).first&.split('=')&.last&.split(',')
SIZES = OrchestrationBench::Workflows::SIZES
DETACHED = "the engine's subscriber detached"
CIRCUMSTANCES = { DETACHED => { telemetry: false }, 'as it comes' => { telemetry: true } }.freeze

def compared? = World.engine? && !ARGV.include?('--core-only')

def columns = compared? ? Sides::COLUMNS.keys : ['core']

# The stand-in has no subscriber of its own.
def circumstances = World.engine? ? CIRCUMSTANCES.keys : [DETACHED]

def median(values) = values.sort[values.size / 2]

# Debian's Ruby 3.3 has YJIT, and leaves it off unless it is asked for.
def compiled(_)
  puts '', 'With YJIT'
  return puts('  This Ruby is built without YJIT.') unless defined?(RubyVM::YJIT)

  Sides.open(columns, url: ENV.fetch('DATABASE_URL'), options: ['--yjit']) do |runners|
    # A hundred runs, so that what is called often is compiled.
    runners.each_value { |runner| 10.times { runner.ask(:run, workflow: 'line10') } }
    World.table('a line of 10, YJIT', Sides.in_turns(runners, RUNS || 5, workflow: 'line10'))
  end
end

# What a Rails process has in memory: after its first task, and after many.
def memory(runners)
  puts '', 'Resident memory of a Rails process'
  runners.slice('engine', 'core').each do |name, runner|
    BenchReport.figure("#{name}: after a task", runner.ask(:resident), 'MB')
  end
  core = runners.fetch('core')
  500.times { core.ask(:run, workflow: 'line10') }
  BenchReport.figure('core: after 500 tasks of 10 steps', core.ask(:resident), 'MB')
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
  arguments = { ruby: core, **CIRCUMSTANCES.fetch(circumstance) }
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

SECTIONS = %i[memory counts linear sessions limit compiled handoff].freeze

World.open do
  Sides.open(columns, url: ENV.fetch('DATABASE_URL')) do |runners|
    SECTIONS.each { |section| send(section, runners) if ONLY.nil? || ONLY.include?(section.to_s) }
  end
end

# frozen_string_literal: true

# Inside the loop that runs a task: what a further step makes of statements, Ruby calls and
# objects, the limit that PostgreSQL sets, and the hand-off from one handler to the next.
# bench/ruby/workflows.rb compares whole runs, bench/ruby/growth.rb long ones.
#
#   bin/postgres with ruby bench/ruby/orchestration.rb [--json] [--runs=3] [--core-only] [--only=counts,handoff]
require_relative '../support/report'
require_relative '../support/sides'
require_relative '../support/workflows'

RUNS = Options.number('runs')
ONLY = Options.list('only')
DETACHED = "the engine's subscriber detached"
CIRCUMSTANCES = { DETACHED => { telemetry: false }, 'as it comes' => { telemetry: true } }.freeze

def columns = World.compared? ? Sides::COLUMNS.keys : ['core']

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

# The most that a further step of the core's may make of Ruby calls and objects.
MOST = { DETACHED => { 'calls' => 6000, 'objects' => 650 },
         'as it comes' => { 'calls' => 9800, 'objects' => 1150 } }.freeze
MOST_AT_ENDS = { DETACHED => { 'calls' => 22_000, 'statements' => 10 }, 'as it comes' => {} }.freeze

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

# The same statements and commits, through the pg gem alone.
def limit(runners)
  core = runners.fetch('core')
  puts '', "The limit: the statements of a run's steps, each with its commit, through the pg gem alone"
  bare = median(Array.new(5) { core.ask(:limit, workflow: 'line50') }) / 50
  step = median(Array.new(5) { core.ask(:run, workflow: 'line50') }) / 50
  BenchReport.figure('a step, limit', bare, 'ms')
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

SECTIONS = %i[counts limit compiled handoff].freeze

World.open do
  Sides.open(columns, url: ENV.fetch('DATABASE_URL')) do |runners|
    SECTIONS.each { |section| send(section, runners) if ONLY.nil? || ONLY.include?(section.to_s) }
  end
end

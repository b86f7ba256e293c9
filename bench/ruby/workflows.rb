# frozen_string_literal: true

# Whole workflows, as their users wait for them: the engine, the engine with its sequence
# loaded in one query (a few lines of Ruby of our own), the core, and beside them workers
# in Python and DBOS for Python, where they can be had. Each is a process of its own; they
# take turns. Steps do nothing unless said otherwise. Every one of them writes and commits
# what became of a step before it goes on; the engine, the core and the worker write the
# engine's rows with their audit trail, DBOS a row of its own for a step.
#
# Without the gem tasker-engine there is nothing to compare with: only the core's column is
# measured, on the stand-in.
#
#   bin/postgres with ruby bench/ruby/workflows.rb [--json] [--runs=3] [--core-only]
#     [--only=shapes,handlers,distances,wide]
require_relative '../support/report'
require_relative '../support/contenders'
require_relative '../support/workflows'

RUNS = ARGV.grep(/\A--runs=/).first&.split('=')&.last&.to_i
ONLY = ARGV.grep(/\A--only=/).first&.split('=')&.last&.split(',')
SIZES = OrchestrationBench::Workflows::SIZES
ROUNDS = { 'line4' => 9, 'line10' => 9, 'line50' => 5, 'fan' => 5, 'layers' => 7, 'fan1000' => 1 }.freeze
TITLES = { 'line4' => 'a line of 4', 'line10' => 'a line of 10', 'line50' => 'a line of 50',
           'fan' => '1 -> 28 -> 1', 'layers' => 'four layers of five', 'fan1000' => '1 -> 1,000 -> 1' }.freeze
# How whole runs are measured, and how many times faster than the engine the core is to be.
CIRCUMSTANCES = {
  "the engine's subscriber detached" => [
    { telemetry: false }, { 'line4' => nil, 'line10' => 28, 'line50' => 100, 'fan' => 27, 'layers' => 25 }
  ],
  'as it comes' => [
    { telemetry: true }, { 'line4' => nil, 'line10' => 22, 'line50' => 80, 'fan' => 22, 'layers' => 20 }
  ],
  'the application subscribes to every event' => [{ application: true }, { 'line10' => nil, 'fan' => nil }],
  'Rails.logger at :info' => [{ level: 'info' }, { 'line10' => nil, 'fan' => nil }]
}.freeze
# The stand-in has no subscriber of its own, and its publisher is not the engine's.
BARE = ["the engine's subscriber detached", 'Rails.logger at :info'].freeze
PEERS = ["the engine's subscriber detached", %w[line4 line10 line50]].freeze

def compared? = World.engine? && !ARGV.include?('--core-only')

def circumstances = World.engine? ? CIRCUMSTANCES : CIRCUMSTANCES.slice(*BARE)

def rounds(workflow) = RUNS || ROUNDS.fetch(workflow)

def show(title, results, workflow)
  World.table(title, results)
  results.each { |name, times| BenchReport.figure("#{name}: a step", times.median / SIZES[workflow], 'ms') }
end

# The core against the others: a target where one is wanted.
def judge(title, results, wanted)
  core = results.fetch('core').median
  results.except('core').each do |name, times|
    ratio = ["#{title}, against #{name}", times.median / core]
    if name == 'engine' && wanted
      BenchReport.target(*ratio, at_least: wanted)
    else
      BenchReport.figure(*ratio, 'x')
    end
  end
  dbos = results[Contenders::DBOS] or return
  BenchReport.target("#{title}: time against DBOS for Python", core / dbos.median, at_most: 0.8)
end

def compare(runners, workflow, circumstance)
  arguments, wanted = CIRCUMSTANCES.fetch(circumstance)
  return unless wanted.key?(workflow)

  title = "#{TITLES.fetch(workflow)}, #{circumstance}"
  results = Sides.in_turns(runners, rounds(workflow), workflow:, **arguments)
  show("#{title}: a whole run", results, workflow)
  judge(title, results, wanted[workflow])
end

def shapes(sides)
  Contenders.open(compared?) do |peers|
    TITLES.each_key.reject { |workflow| workflow == 'fan1000' }.each do |workflow|
      Sides.warm_up(sides, workflow)
      circumstances.each_key do |circumstance|
        beside = [circumstance, workflow].zip(PEERS).all? { |value, allowed| Array(allowed).include?(value) }
        compare(beside ? sides.merge(peers) : sides, workflow, circumstance)
      end
    end
  end
end

# The engine's time grows with the square of the steps: one run is enough, and may be too much.
def wide(sides)
  results = sides.slice('core', 'engine').to_h do |name, runner|
    [name, Sides.in_turns({ name => runner }, 1, workflow: 'fan1000', telemetry: false).fetch(name)]
  rescue Runner::Failed => e
    puts "#{TITLES['fan1000']} is not measured: #{e.message}"
    break
  end
  return unless results

  show("#{TITLES['fan1000']}: a whole run", results, 'fan1000')
  judge(TITLES['fan1000'], results, nil)
end

# Milliseconds that a handler takes.
PAUSES = [0, 1, 10, 100].freeze

# The share of a run that is not its handlers' time.
def handlers(sides)
  both = sides.slice('engine', 'core')
  PAUSES.each do |pause|
    results = Sides.in_turns(both, RUNS || (pause == 100 ? 2 : 4), workflow: 'paused10', telemetry: true, pause:)
    World.table("a line of 10 whose handlers take #{pause} ms each: a whole run", results)
    results.each do |name, times|
      overhead = [times.median - (10 * pause), 0].max
      BenchReport.figure("#{name}, handlers of #{pause} ms: overhead", overhead, 'ms')
      BenchReport.figure("#{name}, handlers of #{pause} ms: share of overhead", 100 * overhead / times.median, '%')
    end
    judge("a line of 10, handlers of #{pause} ms", results, nil)
  end
end

# How far away the database is, there and back, in milliseconds; and what is wanted there.
DISTANCES = { 0.5 => nil, 1 => 45, 5 => nil }.freeze

def distances(sides)
  names = sides.keys & %w[engine core]
  DISTANCES.each do |distance, wanted|
    Sides.at_a_distance(ENV.fetch('DATABASE_URL'), distance / 2.0) do |url|
      Sides.open(names, url:) do |runners|
        trip = runners.fetch('core').greeting['round_trip_ms']
        BenchReport.figure("#{distance} ms away: SELECT 1 there and back", trip, 'ms')
        results = Sides.in_turns(runners, RUNS || (distance == 5 ? 1 : 5), workflow: 'line10')
        title = "a line of 10, #{distance} ms away"
        show("#{title}: a whole run", results, 'line10')
        judge(title, results, wanted)
      end
    end
  end
end

ALL = { 'shapes' => :shapes, 'handlers' => :handlers, 'distances' => :distances, 'wide' => :wide }.freeze
# What runs by itself. --only=wide runs 1 -> 1,000 -> 1, which takes the engine minutes.
SECTIONS = (ALL.keys - %w[wide]).freeze

World.open do
  Sides.open(compared? ? Sides::COLUMNS.keys : ['core'], url: ENV.fetch('DATABASE_URL')) do |sides|
    puts "Rails.logger is quiet unless said otherwise; #{Contenders.telemetry(sides)}"
    (ONLY || SECTIONS).each { |section| send(ALL.fetch(section), sides) }
  end
end

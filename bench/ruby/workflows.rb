# frozen_string_literal: true

# Whole workflows, as their users wait for them: the engine, the engine with its sequence
# loaded in one query (a few lines of Ruby of our own), the core, and beside them workers
# in Python and DBOS for Python, where they can be had. Each is a process of its own; they
# take turns. Steps do nothing unless said otherwise. Every one of them writes and commits
# the outcome of a step before it goes on; the engine, the core and the worker write the
# engine's rows with their audit trail, DBOS a row of its own for a step.
#
# Without the gem tasker-engine there is nothing to compare with: only the core's column is
# measured, on the stand-in.
#
#   bin/postgres with ruby bench/ruby/workflows.rb [--json] [--runs=3] [--core-only]
#     [--only=shapes,handlers,distances,wide] [--limit=150]
require_relative '../support/report'
require_relative '../support/audit'
require_relative '../support/contenders'
require_relative '../support/limited'
require_relative '../support/pairs'
require_relative '../support/workflows'

RUNS = Options.number('runs')
ONLY = Options.list('only')
# Seconds after which a run of 1 -> 1,000 -> 1 is given up.
LIMIT = Options.number('limit', 150)
SIZES = OrchestrationBench::Workflows::SIZES
ROUNDS = { 'line4' => 9, 'line10' => 7, 'line50' => 3, 'fan' => 5, 'layers' => 5 }.freeze
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
  pairs(title, results, runners.fetch('core'), workflow) if beside?(workflow, circumstance)
end

# Beside the contenders stands the limit: the statements of the core's steps, each with its
# commit, through the pg gem alone.
def pairs(title, results, core, workflow)
  limit = Array.new(rounds(workflow)) { core.ask(:limit, workflow:) }
  Pairs.note("each with each: #{title}", { **results, LIMIT_NAME => Spread.of(limit) }, SIZES[workflow])
end

LIMIT_NAME = 'limit: the statements alone'

def beside?(workflow, circumstance)
  [circumstance, workflow].zip(PEERS).all? { |value, allowed| Array(allowed).include?(value) }
end

def shapes(sides)
  Contenders.open(World.compared?) do |peers|
    (TITLES.keys - %w[fan1000]).each do |workflow|
      Sides.warm_up(sides, workflow)
      circumstances.each_key do |circumstance|
        compare(beside?(workflow, circumstance) ? sides.merge(peers) : sides, workflow, circumstance)
      end
    end
  end
end

# The engine's time grows with the square of the steps: a run that does not end within the limit
# is given up. It is the last section, since that run's process is lost.
def wide(sides)
  late = {}
  title = TITLES.fetch('fan1000')
  runs = Limited.new(sides.slice('engine', 'core'), LIMIT)
  results = runs.in_turns({ 'engine' => 1, 'core' => 3 }, workflow: 'fan1000') do |name, task|
    late[name] = Audit.complete_steps([task])
  end
  World.table("#{title}: a whole run", results)
  judge(title, results, nil)
  late.each { |name, steps| BenchReport.figure("#{title}, #{name}: steps complete after #{LIMIT} s", steps) }
  BenchReport.note("#{title} side by side", [['', 'a whole run'], *wide_rows(results, late)])
end

def wide_rows(results, late)
  late.map { |name, steps| [name, "given up after #{LIMIT} s with #{steps} of #{SIZES['fan1000']} steps complete"] } +
    results.map { |name, times| [name, "#{(times.median / 1000).round(2)} s"] }
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

SECTIONS = { 'shapes' => :shapes, 'handlers' => :handlers, 'distances' => :distances, 'wide' => :wide }.freeze

World.open do
  Sides.open(World.compared? ? Sides::COLUMNS.keys : ['core'], url: ENV.fetch('DATABASE_URL')) do |sides|
    puts "Rails.logger is quiet unless said otherwise; #{Contenders.telemetry(sides)}"
    (ONLY || SECTIONS.keys).each { |section| send(SECTIONS.fetch(section), sides) }
  end
end

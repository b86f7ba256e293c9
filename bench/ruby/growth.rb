# frozen_string_literal: true

# How the time of a run grows with its steps: lines of 10 to 10,000 steps that do nothing, by the
# core, and by the engine as far as a run stays below the limit. Whole runs, what a step takes of
# them, and the exponent e of time = c * steps ** e. spec/integration/engine/runner/growth_spec.rb
# holds the same by counts.
#
#   bin/postgres with ruby bench/ruby/growth.rb [--json] [--sizes=10,100] [--limit=60] [--runs=1] [--core-only]
require_relative '../support/report'
require_relative '../support/limited'

SIZES = Options.numbers('sizes', [10, 30, 100, 300, 1000, 3000, 10_000])
LIMIT = Options.number('limit', 60)
RUNS = Options.number('runs')
# A run of the core's is linear in its steps. One of the engine's is not.
LINEAR = 1.1
# How many times as long a step of the longest line may take as one of 50 and more.
STEADY = 1.5

# Long runs are few: the core's take 1.5 s for 1,000 steps, the engine's 30 s for 100.
def rounds(steps) = { 'core' => RUNS || (3000 / steps).clamp(1, 5), 'engine' => RUNS || (100 / steps).clamp(1, 3) }

def lines(steps) = "a line of #{steps.to_s.gsub(/(?<=\d)(?=(\d{3})+$)/, ',')}"

# @return [Hash{String => Float}] the medians, in milliseconds
def measure(limited, steps)
  results = limited.in_turns(rounds(steps), workflow: "line#{steps}") do |name, _|
    BenchReport.figure("#{name}, #{lines(steps)}: given up after", LIMIT, 's')
  end
  World.table("#{lines(steps)}: a whole run, by its length", results) if results.any?
  results.each { |name, times| BenchReport.figure("#{name}, #{lines(steps)}: a step", times.median / steps, 'ms') }
  results.transform_values(&:median)
end

def judge(side, points)
  BenchReport.series('growth', side, points, unit: 'ms')
  BenchReport.growth("#{side}: the time of a run by its steps", points, at_most: side == 'core' ? LINEAR : nil)
  steps = points.select { |size, _| size >= 50 }.map { |size, time| time / size }
  return unless side == 'core' && steps.size > 1

  BenchReport.target('core: a step of the longest line over one of the shortest from 50 on', steps.last / steps.first,
                     at_most: STEADY)
end

World.open do
  Sides.open(World.sides, url: ENV.fetch('DATABASE_URL')) do |runners|
    limited = Limited.new(runners, LIMIT)
    measured = SIZES.to_h { |steps| [steps, measure(limited, steps)] }
    puts ''
    World.sides.each { |side| judge(side, measured.transform_values { |medians| medians[side] }.compact) }
  end
end

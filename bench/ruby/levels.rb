# frozen_string_literal: true

# Dependency levels: the function calculate_dependency_levels, which enumerates
# paths, against the core, end to end and as Go's own computing, up to 100,000 steps.
#
#   bin/postgres with ruby bench/ruby/levels.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

GO_BENCHMARK = /\ABenchmarkLevels(?<size>\d+k)-\d+\s+\d+\s+(?<time>\d+) ns/

# Layers of steps, each with three parents in the layer above.
def layers(count, width)
  (1...count).flat_map do |layer|
    (0...width).flat_map do |place|
      (0...3).map { |shift| [((layer - 1) * width) + ((place + shift) % width), (layer * width) + place] }
    end
  end
end

# Milliseconds that Go takes to compile a graph from ids and edges and to level it.
def go_times
  folder = File.expand_path('../../ext/tasker_core/go', __dir__)
  output, status = Open3.capture2e({ 'GOWORK' => 'off' }, 'go', 'test', '-run', 'NONE', '-bench', 'Levels',
                                   '-benchtime', '20x', '-count', '5', './dag', chdir: folder)
  abort output unless status.success?
  times = output.lines.filter_map { |line| GO_BENCHMARK.match(line) }.group_by { |match| match[:size] }
  times.transform_values { |matches| matches.map { |match| match[:time].to_f / 1e6 }.sort[matches.size / 2] }
end

def ways(id, client)
  function = "SELECT * FROM calculate_dependency_levels(#{id})"
  ways = { 'SQL function through select_all' =>
             -> { World.connection.uncached { World.connection.select_all(function).to_a } } }
  if World.engine?
    levels = Tasker::Functions::FunctionBasedDependencyLevels
    ways['engine: for_task'] = -> { World.switched(:off) { levels.for_task(id) } }
    ways['core under it: for_task'] = -> { World.switched(:active) { levels.for_task(id) } }
  end
  ways.merge('core: dependency_levels' => -> { client.dependency_levels(id).map(&:dependency_level) })
end

def small(client)
  id = BenchRows.graph(layers(10, 10))
  World.execute('ANALYZE')
  results = World.compare(ways(id, client), seconds: 8)
  World.table('10 layers x 10 steps with 3 parents', results)
  ratio = results.values.first.median / results.values.last.median
  return BenchReport.target('levels against the function', ratio, at_least: 100) if World.engine?

  BenchReport.figure("levels against the core's own text of the function, no paths enumerated", ratio, 'x')
end

def large(client)
  [1000, 10_000, 100_000].each do |steps|
    id = BenchRows.graph(layers(steps / 100, 100), steps:)
    World.execute('ANALYZE')
    ways = { 'core: dependency_levels, every row read' => -> { client.dependency_levels(id).map(&:dependency_level) } }
    World.table("#{steps} steps in layers of 100, 3 parents", World.compare(ways, seconds: 3))
  end
end

def go
  puts '', 'Go alone: from ids and edges to levels, layers of 100, 3 parents'
  times = go_times
  times.sort_by(&:last).each { |size, time| BenchReport.figure("#{size} steps", time, 'ms') }
  BenchReport.target('100,000 steps in Go', times.fetch('100k') / 1000, at_most: 0.2, unit: 's')
  BenchReport.figure('100k over 10k: 10 where the time is linear', times.fetch('100k') / times.fetch('10k'), 'x')
end

World.open do
  BenchRows.tasks(10)
  client = World.client
  small(client)
  large(client)
  go
end

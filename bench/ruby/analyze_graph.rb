# frozen_string_literal: true

# The analysis of a task's graph, 100 steps in several shapes, and larger ones that
# only the core can answer: the engine lists every path.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/analyze_graph.rb
require_relative '../support/world'
require_relative '../support/rows'

# Layers of steps, each with the given number of parents in the layer above.
def layers(count, width, parents)
  (1...count).flat_map do |layer|
    (0...width).flat_map do |place|
      (0...parents).map { |shift| [((layer - 1) * width) + ((place + shift) % width), (layer * width) + place] }
    end
  end
end

SHAPES = {
  'a line of 100' => (1..99).map { |place| [place - 1, place] },
  '1 -> 98 -> 1' => (1..98).flat_map { |place| [[0, place], [place, 99]] },
  '10 layers x 10, 1 parent' => layers(10, 10, 1),
  '10 layers x 10, 2 parents (5,120 paths)' => layers(10, 10, 2)
}.freeze

# What only the core can answer, with the number of steps.
LARGE = { '10 layers x 10, 10 parents' => [layers(10, 10, 10), 100],
          '100 layers x 10, 3 parents' => [layers(100, 10, 3), 1000] }.freeze

def analyze(task)
  Rails.cache.clear
  World.switched(:off) { Tasker::Analysis::RuntimeGraphAnalyzer.new(task:).analyze }
end

World.open do
  BenchRows.tasks(100)
  client = World.client
  SHAPES.each do |shape, edges|
    id = BenchRows.graph(edges)
    World.execute('ANALYZE')
    ways = {}
    if World.engine?
      task = Tasker::Task.find(id)
      ways['engine: RuntimeGraphAnalyzer#analyze'] = -> { analyze(task) }
    else
      ways['SQL functions that it asks five times, alone'] = lambda do
        5.times { World.connection.select_all("SELECT * FROM calculate_dependency_levels(#{id})").to_a }
        World.connection.select_all("SELECT * FROM get_step_readiness_status(#{id})").to_a
      end
    end
    ways['core: analyze_graph'] = -> { client.analyze_graph(id) }
    World.table(shape, World.compare(ways, seconds: 8))
  end
  LARGE.each do |shape, (edges, steps)|
    id = BenchRows.graph(edges, steps:)
    digits = client.analyze_graph(id)[:critical_paths][:total_paths].digits.size
    World.table("#{shape}: a number of paths with #{digits} digits",
                World.compare({ 'core: analyze_graph' => -> { client.analyze_graph(id) } }, seconds: 3))
  end
end

# frozen_string_literal: true

# Dependency resolution: what can run next, in layers of ten steps with two parents each, of which
# the first half is complete.
#
# The loop of the core asks a session, which answers from memory; the loop of the engine asks the
# database each time. That is one comparison. The other is a strict read, where the core asks the
# database as well: what a program outside of a run gets. Neither stands for the other.
#
#   bin/postgres with ruby bench/ruby/resolution.rb [--json] [--sizes=10,100]
require_relative '../support/report'
require_relative '../support/rows'

SIZES = Options.numbers('sizes', [10, 100, 1000, 10_000])
WIDTH = 10
SECONDS = 4
GO_BENCHMARK = %r{\ABenchmarkNext/(\d+)-\d+\s+\d+\s+([\d.]+) ns/op}
MEMORY = 'tasker_core, from memory'
GO = 'tasker_core, from memory, within Go alone'
STRICT = 'tasker_core, read anew'
FUNCTION = 'the SQL function alone, through the pg gem'
ENGINE = 'the engine, as its loop asks'

# Each step's two parents are in the layer above.
def layers(steps)
  (WIDTH...steps).flat_map do |step|
    above = ((step / WIDTH) - 1) * WIDTH
    [step % WIDTH, (step + 1) % WIDTH].map { |place| [above + place, step] }
  end
end

# @return [Integer] a task whose first half is complete, in whole layers
def task(steps)
  edges = layers(steps)
  id = BenchRows.graph(edges.empty? ? [[0, 1]] : edges, steps:)
  World.execute(<<~SQL)
    DELETE FROM tasker_workflow_step_edges WHERE #{edges.empty?}
      AND from_step_id IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = #{id});
    UPDATE tasker_workflow_steps SET attempts = 0 WHERE task_id = #{id};
    DELETE FROM tasker_workflow_step_transitions
      WHERE workflow_step_id IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = #{id});
    WITH done AS (
      UPDATE tasker_workflow_steps SET processed = true, attempts = 1
      WHERE workflow_step_id IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = #{id}
        ORDER BY 1 LIMIT #{steps / 2 / WIDTH * WIDTH})
      RETURNING workflow_step_id)
    INSERT INTO tasker_workflow_step_transitions
      (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT workflow_step_id, 'complete', 10, true, '{}', now(), now() FROM done;
    ANALYZE
  SQL
  id
end

def prepared(task)
  connection = PG.connect(ENV.fetch('DATABASE_URL'))
  connection.prepare('ready', 'SELECT workflow_step_id FROM get_step_readiness_status($1) WHERE ready_for_execution')
  -> { connection.exec_prepared('ready', [task]).column_values(0) }
end

# What the engine's loop calls, with the steps of the task already loaded.
def engine(task)
  return {} unless World.engine?

  record = Tasker::Task.find(task)
  sequence = Tasker::Types::StepSequence.new(steps: record.workflow_steps.to_a)
  { ENGINE => -> { World.switched(:off) { Tasker::WorkflowStep.get_viable_steps(record, sequence).to_a } } }
end

# @return [Hash{Integer => Spread}] milliseconds by steps
def go
  folder = File.expand_path('../../ext/tasker_core/go', __dir__)
  output, status = Open3.capture2e({ 'GOWORK' => 'off' }, 'go', 'test', '-run', 'NONE', '-bench', 'Next', '-count', '5',
                                   '-benchtime', '0.2s', './orchestration', chdir: folder)
  abort output unless status.success?
  times = output.lines.filter_map { |line| GO_BENCHMARK.match(line)&.captures }.group_by(&:first)
  times.to_h { |steps, list| [steps.to_i, Spread.of(list.map { |_, time| time.to_f / 1e6 })] }
end

def ready?(task) = World.client.viable_steps(task).size == WIDTH || abort("of task #{task} no layer is ready")

# @return [Hash{String => Float}] the medians of both tables
def measure(steps, within_go)
  id = task(steps)
  ready?(id)
  ways = { **engine(id), FUNCTION => prepared(id) }
  World.client.open_session(id) do |session|
    asked = World.compare({ **ways, STRICT => -> { World.client.viable_steps(id) } }, seconds: SECONDS)
    own = World.compare({ MEMORY => -> { session.next.ready } }, seconds: 1)
    memory = { **asked.except(STRICT), **own, GO => within_go[steps] }.compact
    World.table("what can run next, asked by the loop, #{steps} steps", memory)
    World.table("what can run next, read anew from the database, #{steps} steps", asked)
    asked.merge(memory).transform_values(&:median)
  end
end

def judge(measured)
  puts ''
  measured.values.first.each_key do |way|
    points = measured.filter_map { |steps, medians| [steps, medians[way]] if medians[way] }.to_h
    BenchReport.series('resolution', way, points, unit: 'ms')
    BenchReport.growth(way, points, at_most: { MEMORY => 0.1, STRICT => 1.1 }[way])
  end
  hundred = measured.dig(100, MEMORY) or return
  BenchReport.target('from memory, 10 of 100 steps ready', 1000 * hundred, at_most: 10.0, unit: 'us')
end

World.open do
  BenchRows.tasks(10)
  within_go = go
  judge(SIZES.to_h { |steps| [steps, measure(steps, within_go)] })
end

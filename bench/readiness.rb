# frozen_string_literal: true

# Step readiness of one task and of 1,000 tasks through Ruby, strict: the database is
# read at each call. Beside it the limit: the one-row read that the core's answer is
# made of, prepared, through the pg gem alone.
#
#   bin/postgres with ruby bench/readiness.rb [--json]
require_relative 'support/report'
require_relative 'support/rows'

# Steps, layers and steps a layer, and how many times faster than the engine's call.
SIZES = [[10, 5, 2, 2], [100, 10, 10, 10], [1000, 100, 10, 25]].freeze

# Layers of steps, each with two parents in the layer above.
def layers(count, width)
  (1...count).flat_map do |layer|
    (0...width).flat_map do |place|
      [place, (place + 1) % width].map { |above| [((layer - 1) * width) + above, (layer * width) + place] }
    end
  end
end

# @yield something whose last statement is meant
# @return [Proc] that statement, prepared, on a connection of its own
def bare
  asked = []
  listener = ActiveSupport::Notifications.subscribe('sql.active_record') { |*, payload| asked << payload }
  yield
  ActiveSupport::Notifications.unsubscribe(listener)
  sql, params = asked.last.values_at(:sql, :binds)
  connection = PG.connect(ENV.fetch('DATABASE_URL'))
  connection.prepare('bare', sql)
  -> { connection.exec_prepared('bare', params).getvalue(0, 0) }
end

def function(sql) = -> { World.connection.uncached { World.connection.select_all(sql).to_a } }

# @param engine [Proc, nil] the engine's call
# @param others [Hash{String => Proc}]
def compare(title, wanted, engine, others)
  ways = {}
  if engine
    ways['engine'] = -> { World.switched(:off, &engine) }
    ways['core under the engine'] = -> { World.switched(:active, &engine) }
  end
  results = World.compare(ways.merge(others), seconds: 10)
  World.table(title, results)
  base = engine ? 'engine' : 'SQL function through select_all'
  mine = engine ? 'core under the engine' : 'client, every attribute'
  BenchReport.target("#{title}, against #{engine ? "the engine's call" : 'our copy of the function'}",
                     results.fetch(base).median / results.fetch(mine).median, at_least: wanted)
end

def every(rows) = rows.each { |row| TaskerCore::StepReadiness.attributes.each { |name| row.public_send(name) } }

def one(steps, count, width, wanted)
  id = BenchRows.graph(layers(count, width), steps:)
  World.execute('ANALYZE')
  client = World.client
  statuses = Tasker::Functions::FunctionBasedStepReadinessStatus if World.engine?
  compare("readiness of #{steps} steps", wanted, statuses && -> { statuses.for_task(id) },
          'SQL function through select_all' => function("SELECT * FROM get_step_readiness_status(#{id})"),
          'client: step_readiness' => -> { client.step_readiness(id) },
          'client, every attribute' => -> { every(client.step_readiness(id)) },
          'client: viable_steps' => -> { client.viable_steps(id) },
          'the limit: one-row read, prepared, pg alone' => bare { client.step_readiness(id) })
end

def batch
  BenchRows.tasks(1000 + SIZES.size)
  ids = World.connection.select_values('SELECT task_id FROM tasker_workflow_steps GROUP BY 1 HAVING count(*) = 10 ' \
                                       'ORDER BY 1 LIMIT 1000')
  client = World.client
  statuses = Tasker::Functions::FunctionBasedStepReadinessStatus if World.engine?
  sql = "SELECT * FROM get_step_readiness_status_batch('{#{ids.join(',')}}'::bigint[])"
  compare('readiness of 1,000 tasks x 10 steps', 15, statuses && -> { statuses.for_tasks(ids) },
          'SQL function through select_all' => function(sql),
          'client: step_readiness_batch' => -> { client.step_readiness_batch(ids) },
          'client, every attribute' => -> { every(client.step_readiness_batch(ids)) },
          'the limit: one-row read, prepared, pg alone' => bare { client.step_readiness_batch(ids) })
end

World.open do
  BenchRows.tasks(10)
  SIZES.each { |size| one(*size) }
  batch
end

# frozen_string_literal: true

# Step readiness of one task and of 1,000 tasks through Ruby, strict: the database is
# read at each call. Beside it the statements alone, prepared, through the pg gem: the
# core's and the engine's SQL function.
#
#   bin/postgres with ruby bench/ruby/readiness.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

# Steps, layers and steps a layer; how many times faster than the engine the call is, the
# statement alone, and the call with every attribute read.
SIZES = [[10, 5, 2, [1.8, 1.2, 1.5]], [100, 10, 10, [5.5, 2.5, 2.5]], [1000, 100, 10, [11, 5, 3]]].freeze

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
  prepared(*asked.last.values_at(:sql, :binds))
end

def prepared(sql, params)
  connection = PG.connect(ENV.fetch('DATABASE_URL'))
  connection.prepare('bare', sql)
  -> { connection.exec_prepared('bare', params).getvalue(0, 0) }
end

# The engine's call with the core under it and without; elsewhere the client beside our copy
# of the function.
#
# @return [Hash{String => Proc}]
def calls(engine, client, sql)
  if engine
    { 'engine' => -> { World.switched(:off, &engine) }, 'core' => -> { World.switched(:active, &engine) } }
  else
    { 'engine' => -> { World.connection.uncached { World.connection.select_all(sql).to_a } }, 'core' => client }
  end
end

def read(rows) = rows.each { |row| row.respond_to?(:attributes) ? row.attributes : row.to_h }

# @param title [String]
# @param function [String] the call of the SQL function
# @param wanted [Array<Numeric, nil>] see SIZES
def compare(title, function, wanted, engine, client)
  ways = calls(engine, client, "SELECT * FROM #{function}")
  ways = ways.merge(ways.transform_keys { |name| "#{name}, every attribute" }
                        .transform_values { |way| -> { read(way.call) } },
                    'engine, statement alone' => prepared("SELECT * FROM #{function}", []),
                    'core, statement alone' => bare(&client))
  results = World.compare(ways, seconds: 15)
  World.table(title, results)
  ['', ', statement alone', ', every attribute'].zip(wanted) do |part, times|
    next unless times

    BenchReport.target("#{title}#{part}, against #{World.engine? ? 'the engine' : 'our copy of the function'}",
                       results.fetch("engine#{part}").median / results.fetch("core#{part}").median, at_least: times)
  end
end

def statuses = (Tasker::Functions::FunctionBasedStepReadinessStatus if World.engine?)

def one(steps, count, width, wanted)
  id = BenchRows.graph(layers(count, width), steps:)
  World.execute('ANALYZE')
  client = World.client
  compare("readiness of #{steps} steps", "get_step_readiness_status(#{id})", wanted,
          statuses && -> { statuses.for_task(id) }, -> { client.step_readiness(id) })
end

def batch
  BenchRows.tasks(1000 + SIZES.size)
  ids = World.connection.select_values('SELECT task_id FROM tasker_workflow_steps GROUP BY 1 HAVING count(*) = 10 ' \
                                       'ORDER BY 1 LIMIT 1000')
  client = World.client
  compare('readiness of 1,000 tasks x 10 steps', "get_step_readiness_status_batch('{#{ids.join(',')}}'::bigint[])",
          [12], statuses && -> { statuses.for_tasks(ids) }, -> { client.step_readiness_batch(ids) })
end

# Each call with a client of its own, in a database that the process knows.
def new_client
  id = World.connection.select_value('SELECT task_id FROM tasker_workflow_steps GROUP BY 1 HAVING count(*) = 10 ' \
                                     'LIMIT 1')
  World.client.viable_steps(id)
  engine = statuses ? -> { statuses.ready_for_task(id).map(&:workflow_step_id) } : prepared(<<~SQL, [])
    SELECT workflow_step_id FROM get_step_readiness_status(#{id}) WHERE ready_for_execution
  SQL
  results = World.compare({ 'engine' => -> { World.switched(:off, &engine) },
                            'core' => -> { World.client.viable_steps(id) } }, seconds: 6)
  World.table('viable steps of 10 steps, a new client each time', results)
  BenchReport.target('viable steps of 10 steps on a new client, against the engine',
                     results['engine'].median / results['core'].median, at_least: 2)
end

World.open do
  BenchRows.tasks(10)
  SIZES.each { |size| one(*size) }
  new_client
  batch
end

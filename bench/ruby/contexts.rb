# frozen_string_literal: true

# Execution contexts of 1,000 tasks with ten steps each, in one call.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/contexts.rb
require_relative '../support/world'
require_relative '../support/rows'

FUNCTION = 'SELECT * FROM get_task_execution_contexts_batch($1::bigint[])'

World.open do
  BenchRows.tasks(1000)
  ids = World.connection.select_values('SELECT task_id FROM tasker_tasks ORDER BY task_id')
  names = TaskerCore::TaskExecutionContext.attributes
  client = World.client
  every = ->(rows) { rows.each { |row| names.each { |name| row.public_send(name) } } }
  ways = {}
  if World.engine?
    contexts = Tasker::Functions::FunctionBasedTaskExecutionContext
    ways['engine: for_tasks'] = -> { World.switched(:off) { contexts.for_tasks(ids) } }
    ways['core under it: for_tasks'] = -> { World.switched(:active) { contexts.for_tasks(ids) } }
    ways['core under it, every attribute read'] =
      -> { World.switched(:active) { every.call(contexts.for_tasks(ids)) } }
  end
  ways['SQL function through select_all'] =
    -> { World.connection.uncached { World.connection.select_all(FUNCTION, nil, ["{#{ids.join(',')}}"]).to_a } }
  ways['client: task_execution_contexts'] = -> { client.task_execution_contexts(ids) }
  ways['client, every attribute read'] = -> { every.call(client.task_execution_contexts(ids)) }
  World.table("Contexts of #{ids.size} tasks x 10 steps", World.compare(ways, seconds: 15))
end

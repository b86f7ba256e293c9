# frozen_string_literal: true

# Drawing a task, end to end, against reading its graph alone (step_dag): lines and
# fans of up to 1,000 steps whose steps have all run.
#
#   bin/postgres with ruby bench/ruby/draw.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

NAMES = <<~SQL
  INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
    SELECT dependent_system_id, 'drawn_' || n, now(), now()
    FROM tasker_dependent_systems, generate_series(1, 1000) n WHERE name = 'bench';
SQL

# %<edges>s says which places of steps (parent, child) are joined.
TASK = <<~SQL
  WITH task AS (
    INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
      SELECT min(named_task_id), now(), md5('drawn %<title>s'), now(), now() FROM tasker_named_tasks RETURNING task_id
  ), step AS (
    INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, retry_limit, created_at, updated_at)
      SELECT task_id, named_step_id, 1, 3, now(), now()
      FROM task, (SELECT named_step_id FROM tasker_named_steps WHERE name LIKE 'drawn_%%' ORDER BY 1 LIMIT %<steps>d) n
      RETURNING workflow_step_id, task_id
  ), placed AS (
    SELECT workflow_step_id, row_number() OVER (ORDER BY workflow_step_id) AS place FROM step
  ), edge AS (
    INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
      SELECT parent.workflow_step_id, child.workflow_step_id, 'provides', now(), now()
      FROM placed parent JOIN placed child ON %<edges>s
  ), row AS (
    INSERT INTO tasker_workflow_step_transitions
      (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT workflow_step_id, state, key, key = 20, '{}', now() + key * place * interval '1 ms', now()
      FROM placed, (VALUES ('in_progress', 10), ('complete', 20)) states (state, key)
  )
  SELECT task_id FROM task
SQL

LINE = 'child.place = parent.place + 1'
FAN = '(parent.place = 1 AND child.place BETWEEN 2 AND %<steps>d - 1) OR ' \
      '(child.place = %<steps>d AND parent.place BETWEEN 2 AND %<steps>d - 1)'

def drawn(title, steps, edges, client)
  id = World.connection.select_value(format(TASK, title:, steps:, edges: format(edges, steps:)))
  World.execute('ANALYZE')
  results = World.compare({ 'core: step_dag, for comparison' => -> { client.step_dag(id) },
                            'core: draw, SVG' => -> { client.draw(id) },
                            'core: draw, Mermaid' => -> { client.draw(id, format: :mermaid) } }, seconds: 2)
  World.table("#{title}: an SVG of #{client.draw(id).bytesize / 1024} KB", results)
end

World.open do
  client = World.client
  BenchRows.tasks(20)
  World.execute(NAMES)
  [10, 100, 1000].each { |steps| drawn("a line of #{steps}", steps, LINE, client) }
  [10, 200, 1000].each { |steps| drawn("1 -> #{steps - 2} -> 1", steps, FAN, client) }
end

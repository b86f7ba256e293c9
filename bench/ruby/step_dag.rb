# frozen_string_literal: true

# The DAG rows of one task in databases of 100,000 steps: the view, which walks every
# path of every task first, against the core's subquery and its operation. How long
# the view takes depends on the paths of all tasks, so two databases are measured.
#
#   bin/postgres with ruby bench/ruby/step_dag.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

# Tasks of 100 steps in 10 layers, each step with two parents in the layer above.
LAYERED = <<~SQL
  INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
    SELECT (SELECT min(named_task_id) FROM tasker_named_tasks), now(), md5('layered ' || n), now(), now()
    FROM generate_series(1, 1000) n;
  INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
    SELECT task_id, (SELECT min(named_step_id) FROM tasker_named_steps) + n, now(), now()
    FROM tasker_tasks, generate_series(0, 99) n;
  INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
    SELECT parent.workflow_step_id, child.workflow_step_id, 'provides', now(), now()
    FROM (SELECT *, named_step_id - min(named_step_id) OVER () AS place FROM tasker_workflow_steps) child
    CROSS JOIN generate_series(0, 1) shift
    JOIN (SELECT *, named_step_id - min(named_step_id) OVER () AS place FROM tasker_workflow_steps) parent
      ON parent.task_id = child.task_id AND parent.place = (child.place / 10 - 1) * 10 + (child.place + shift) % 10
    WHERE child.place >= 10;
SQL

def ways(id, client)
  view = "SELECT * FROM tasker_step_dag_relationships WHERE task_id = #{id}"
  ways = { 'the view through select_all' =>
             -> { World.connection.uncached { World.connection.select_all(view).to_a } } }
  if World.engine?
    model = Tasker::StepDagRelationship
    ways['core under the engine: for_task'] =
      -> { World.switched(:active) { World.connection.uncached { model.for_task(id).to_a } } }
  end
  ways.merge('core: step_dag' => -> { client.step_dag(id).map(&:min_depth_from_root) })
end

# The view takes too long for many rounds, so it gets a few of its own.
def compare(title, client)
  id = World.connection.select_value('SELECT min(task_id) + 432 FROM tasker_tasks')
  slow, *core = ways(id, client).to_a
  results = World.compare([slow].to_h, seconds: 1).merge(World.compare(core.to_h, seconds: 4))
  World.table(title, results)
  mine = results.values[1]
  view = World.engine? ? 'the view' : 'our copy of the view'
  BenchReport.target("#{title}, against #{view}", results.values.first.median / mine.median, at_least: 1000)
end

World.open do
  client = World.client
  BenchRows.tasks(10_000)
  compare('10,000 tasks of 10 steps in a line', client)
  World.execute('TRUNCATE tasker_tasks CASCADE')
  World.execute(LAYERED)
  World.execute('VACUUM ANALYZE')
  compare('1,000 tasks of 10 layers x 10 steps with 2 parents', client)
end

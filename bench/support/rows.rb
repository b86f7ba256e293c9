# frozen_string_literal: true

# Rows in bulk, by SQL: many tasks alike, with histories and states drawn by a fixed seed.
# The steps of a task follow one another, as the engine makes them.
module BenchRows
  DEFINITIONS = <<~SQL
    INSERT INTO tasker_task_namespaces (name, created_at, updated_at)
      SELECT 'bench_' || n, now(), now() FROM generate_series(1, 5) n;
    INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES ('bench', now(), now());
    INSERT INTO tasker_named_tasks (name, task_namespace_id, version, created_at, updated_at)
      SELECT 'task_' || task_namespace_id || '_' || n, task_namespace_id, '1.0.0', now(), now()
      FROM tasker_task_namespaces, generate_series(1, 4) n WHERE name LIKE 'bench_%';
    INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
      SELECT dependent_system_id, 'step_' || n, now(), now()
      FROM tasker_dependent_systems, generate_series(1, 100) n WHERE name = 'bench';
  SQL

  TASKS = <<~SQL
    SELECT setseed(0.42);
    INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
      SELECT (SELECT min(named_task_id) FROM tasker_named_tasks) + n %% 20, now(), md5('bench ' || %<first>d + n),
        now() - random() * interval '48 hours', now()
      FROM generate_series(1, %<tasks>d) n;
    INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT task_id, 'in_progress', 10, true, '{}', created_at, now() FROM tasker_tasks
      WHERE NOT EXISTS (SELECT FROM tasker_task_transitions t WHERE t.task_id = tasker_tasks.task_id);
    INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, retry_limit, last_attempted_at, created_at, updated_at)
      SELECT task_id, (SELECT min(named_step_id) FROM tasker_named_steps) + n, floor(random() * 5), 3,
        CASE WHEN random() < 0.7 THEN created_at + interval '10 seconds' END, created_at + interval '1 second', now()
      FROM tasker_tasks, generate_series(0, 9) n
      WHERE NOT EXISTS (SELECT FROM tasker_workflow_steps s WHERE s.task_id = tasker_tasks.task_id)
      ORDER BY task_id, n;
    INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
      SELECT s.workflow_step_id, t.workflow_step_id, 'provides', now(), now()
      FROM tasker_workflow_steps s
      JOIN tasker_workflow_steps t ON t.task_id = s.task_id AND t.named_step_id = s.named_step_id + 1
      WHERE NOT EXISTS (SELECT FROM tasker_workflow_step_edges e WHERE e.from_step_id = s.workflow_step_id);
    INSERT INTO tasker_workflow_step_transitions
      (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT workflow_step_id, state.name, 10 * state.place, state.place = 3, '{}',
        created_at + state.place * random() * interval '100 seconds', now()
      FROM tasker_workflow_steps,
        LATERAL (VALUES (1, 'pending'), (2, 'in_progress'),
          (3, (ARRAY['complete', 'complete', 'complete', 'error', 'in_progress', 'pending'])[1 + floor(random() * 6 + 0 * workflow_step_id)]))
          AS state (place, name)
      WHERE NOT EXISTS (
        SELECT FROM tasker_workflow_step_transitions t
        WHERE t.workflow_step_id = tasker_workflow_steps.workflow_step_id);
  SQL

  module_function

  # Rows go to this connection inside the block, else to the benchmark's own.
  #
  # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter]
  def on(connection)
    @connection = connection
    yield
  ensure
    @connection = nil
  end

  def connection = @connection || World.connection

  def execute(sql) = connection.execute(sql)

  # Adds tasks of ten steps in a line until there are as many as wanted.
  def tasks(wanted)
    execute(DEFINITIONS) unless connection.select_value('SELECT 1 FROM tasker_named_steps LIMIT 1')
    first = connection.select_value('SELECT count(*) FROM tasker_tasks')
    execute(format(TASKS, tasks: wanted - first, first:))
    execute('VACUUM ANALYZE')
  end

  # Adds one task with 100 steps: every sixth failed, the others complete up to the middle.
  #
  # @param edges [Array<Array(Integer, Integer)>] places from 0
  # @return [Integer] its id
  def graph(edges, steps: 100)
    first = connection.select_value(<<~SQL)
      WITH task AS (
        INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
        SELECT min(named_task_id), now(), md5(random()::text), now(), now() FROM tasker_named_tasks RETURNING task_id
      ), made AS (
        INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, created_at, updated_at)
        SELECT task_id, (SELECT min(named_step_id) FROM tasker_named_steps) + n % 100, n % 3, now(), now()
        FROM task, generate_series(0, #{steps - 1}) n RETURNING workflow_step_id
      )
      SELECT min(workflow_step_id) FROM made
    SQL
    states(first, steps)
    pairs = edges.map { |from, to| "(#{first + from}, #{first + to}, 'provides', now(), now())" }
    execute('INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at) ' \
                  "VALUES #{pairs.join(', ')}")
    connection.select_value("SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = #{first}")
  end

  def states(first, steps)
    execute(<<~SQL)
      INSERT INTO tasker_workflow_step_transitions
        (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
      SELECT #{first} + n, CASE WHEN n % 6 = 5 THEN 'error' ELSE 'complete' END, 10, true, '{}', now(), now()
      FROM generate_series(0, #{(steps / 2) - 1}) n
    SQL
  end
end

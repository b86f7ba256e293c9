-- A task of two steps, the second after the first, as the engine would write it. Answers its id.
WITH namespace AS (
  INSERT INTO tasker_task_namespaces (name, created_at, updated_at)
  VALUES ('release_' || gen_random_uuid(), now(), now()) RETURNING task_namespace_id
), system AS (
  INSERT INTO tasker_dependent_systems (name, created_at, updated_at)
  VALUES ('release_' || gen_random_uuid(), now(), now()) RETURNING dependent_system_id
), named_task AS (
  INSERT INTO tasker_named_tasks (name, task_namespace_id, created_at, updated_at)
  SELECT 'smoke', task_namespace_id, now(), now() FROM namespace RETURNING named_task_id
), named_steps AS (
  INSERT INTO tasker_named_steps (name, dependent_system_id, created_at, updated_at)
  SELECT name, dependent_system_id, now(), now() FROM system, (VALUES ('first'), ('second')) AS names (name)
  RETURNING named_step_id, name
), task AS (
  INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT named_task_id, now(), gen_random_uuid()::text, now(), now() FROM named_task RETURNING task_id
), audit AS (
  INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT task_id, 'in_progress', 10, true, now(), now() FROM task
), steps AS (
  INSERT INTO tasker_workflow_steps (task_id, named_step_id, created_at, updated_at)
  SELECT task_id, named_step_id, now(), now() FROM task, named_steps ORDER BY name
  RETURNING workflow_step_id, named_step_id
), edge AS (
  INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT one.workflow_step_id, two.workflow_step_id, 'provides', now(), now()
  FROM steps one JOIN named_steps first ON first.named_step_id = one.named_step_id AND first.name = 'first',
       steps two JOIN named_steps second ON second.named_step_id = two.named_step_id AND second.name = 'second'
)
SELECT task_id FROM task

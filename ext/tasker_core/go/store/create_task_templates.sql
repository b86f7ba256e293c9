-- Makes a named task and named steps where they are missing, as create_task_names.sql does.
--
-- $1 namespace, $2 name and $3 version of the task, $4 systems and $5 names of the steps,
-- $6 the time to write, null for the database's own.
WITH task AS (
  INSERT INTO tasker_named_tasks (task_namespace_id, name, version, created_at, updated_at)
  SELECT namespace.task_namespace_id, $2::text, $3::text,
    coalesce($6::timestamp, LOCALTIMESTAMP), coalesce($6::timestamp, LOCALTIMESTAMP)
  FROM tasker_task_namespaces namespace
  WHERE namespace.name = $1::text AND NOT EXISTS (SELECT FROM tasker_named_tasks known
    WHERE known.task_namespace_id = namespace.task_namespace_id AND known.name = $2::text AND known.version = $3::text)
  ON CONFLICT DO NOTHING
  RETURNING named_task_id
)
INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
SELECT system.dependent_system_id, given.step,
  coalesce($6::timestamp, LOCALTIMESTAMP), coalesce($6::timestamp, LOCALTIMESTAMP)
FROM unnest($4::text[], $5::text[]) AS given (system, step)
JOIN tasker_dependent_systems system ON system.name = given.system
WHERE (SELECT count(*) FROM task) >= 0 AND NOT EXISTS (SELECT FROM tasker_named_steps known
  WHERE known.dependent_system_id = system.dependent_system_id AND known.name = given.step)
ORDER BY system.dependent_system_id, given.step
ON CONFLICT DO NOTHING

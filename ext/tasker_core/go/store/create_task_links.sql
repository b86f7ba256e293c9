-- Notes which named steps a named task has. As in the engine, one of the same name is
-- enough, whatever its system, and what was noted first stays.
--
-- $1 namespace, $2 name and $3 version of the task, $4 systems, $5 names, $6 retryable,
-- $7 retry limits and $8 skippable of the steps, $9 the time to write.
WITH task AS MATERIALIZED (
  SELECT task.named_task_id FROM tasker_named_tasks task
  JOIN tasker_task_namespaces namespace ON namespace.task_namespace_id = task.task_namespace_id
  WHERE namespace.name = $1::text AND task.name = $2::text AND task.version = $3::text
)
INSERT INTO tasker_named_tasks_named_steps
  (named_task_id, named_step_id, default_retryable, default_retry_limit, skippable, created_at, updated_at)
SELECT task.named_task_id, named.named_step_id, given.retryable, given.retry_limit, given.skippable,
  coalesce($9::timestamp, LOCALTIMESTAMP), coalesce($9::timestamp, LOCALTIMESTAMP)
FROM task
CROSS JOIN unnest($4::text[], $5::text[], $6::boolean[], $7::int[], $8::boolean[])
  AS given (system, step, retryable, retry_limit, skippable)
JOIN tasker_dependent_systems system ON system.name = given.system
JOIN tasker_named_steps named ON named.dependent_system_id = system.dependent_system_id AND named.name = given.step
WHERE given.step NOT IN (SELECT linked.name FROM tasker_named_tasks_named_steps link
  JOIN tasker_named_steps linked ON linked.named_step_id = link.named_step_id
  WHERE link.named_task_id = (SELECT named_task_id FROM task))
ORDER BY named.named_step_id
ON CONFLICT DO NOTHING

-- What a new task refers to: its named task, the named steps in the order in which they are
-- asked for, and how many of these the named task does not have noted. NULL stands for what
-- is not there.
--
-- $1 namespace, $2 name and $3 version of the task, $4 systems and $5 names of the steps.
WITH task AS MATERIALIZED (
  SELECT task.named_task_id FROM tasker_named_tasks task
  JOIN tasker_task_namespaces namespace ON namespace.task_namespace_id = task.task_namespace_id
  WHERE namespace.name = (SELECT $1::text) AND task.name = (SELECT $2::text) AND task.version = (SELECT $3::text)
)
SELECT (SELECT named_task_id::text FROM task),
  array_agg(named.named_step_id ORDER BY given.place)::text,
  count(*) FILTER (WHERE given.step NOT IN (SELECT linked.name FROM tasker_named_tasks_named_steps link
    JOIN tasker_named_steps linked ON linked.named_step_id = link.named_step_id
    WHERE link.named_task_id = (SELECT named_task_id FROM task)))::text
FROM unnest((SELECT $4::text[]), (SELECT $5::text[])) WITH ORDINALITY AS given (system, step, place)
LEFT JOIN tasker_dependent_systems system ON system.name = given.system
LEFT JOIN tasker_named_steps named
  ON named.dependent_system_id = system.dependent_system_id AND named.name = given.step

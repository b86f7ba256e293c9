-- Steps of a worker, with what their handlers read.
--
-- The parameters are hidden behind sub-selects, as in snapshot.sql: planning anew
-- would take longer than looking.
--
-- $1 namespaces, $2 tasks, $3 versions (empty for any) and $4 steps: one handler in
-- each place; more for what is found.
WITH handler AS MATERIALIZED (
  SELECT DISTINCT ON (task.named_task_id, step.named_step_id) task.named_task_id, step.named_step_id, task.version,
    asked.place
  FROM unnest((SELECT $1::text[]), (SELECT $2::text[]), (SELECT $3::text[]), (SELECT $4::text[])) WITH ORDINALITY
    AS asked (namespace, task, version, step, place)
  JOIN tasker_task_namespaces namespace ON namespace.name = asked.namespace
  JOIN tasker_named_tasks task ON task.task_namespace_id = namespace.task_namespace_id AND task.name = asked.task
    AND asked.version IN ('', task.version)
  JOIN tasker_named_steps step ON step.name = asked.step
  ORDER BY task.named_task_id, step.named_step_id, asked.version DESC, asked.place
), found AS MATERIALIZED (
{{found}}
)
SELECT found.place::text, found.version, found.workflow_step_id::text, found.task_id::text, found.state, found.task_state,
  coalesce(found.attempts, 0)::text, coalesce(found.retry_limit, 3)::text, found.context::text, found.inputs::text,
  found.results::text,
  (SELECT json_object_agg(named.name, parent.results ORDER BY parent.workflow_step_id)::text
   FROM tasker_workflow_step_edges edge
   JOIN tasker_workflow_steps parent ON parent.workflow_step_id = edge.from_step_id
   JOIN tasker_named_steps named ON named.named_step_id = parent.named_step_id
   WHERE edge.to_step_id = found.workflow_step_id),
  found.token::text
FROM found
ORDER BY found.workflow_step_id

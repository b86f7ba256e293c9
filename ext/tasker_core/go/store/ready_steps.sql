-- The steps of given names that can run now, oldest first, with what their
-- handlers read. Their rows are locked until the transaction ends, and rows that
-- another worker has locked are passed over: workers that look at the same time
-- find different steps. A step of an erroneous task is left alone, as the engine's
-- loop does.
--
-- The parameters are hidden behind sub-selects, as in snapshot.sql: planning anew
-- would take longer than looking.
--
-- $1 namespaces, $2 tasks, $3 versions (empty for any) and $4 steps: one handler in
-- each place; $5 the version of the readiness rules; $6 how many steps at most.
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
  SELECT ready.*, object.workflow_step_id, object.task_id, object.attempts, object.retry_limit, object.inputs,
    object.results
  FROM tasker_workflow_steps object
  -- OFFSET 0 keeps the planner from joining all steps before it takes the oldest: it
  -- walks them in the order of their ids and stops when it has enough.
  CROSS JOIN LATERAL (
    SELECT handler.place, handler.version, task.context,
      coalesce(nullif(btrim(audit.to_state), ''), 'pending') AS state, coalesce(owner.to_state, 'pending') AS task_state
    FROM handler
    JOIN tasker_tasks task ON task.task_id = object.task_id AND task.named_task_id = handler.named_task_id
    LEFT JOIN tasker_workflow_step_transitions audit
      ON audit.workflow_step_id = object.workflow_step_id AND audit.most_recent
    LEFT JOIN tasker_task_transitions owner ON owner.task_id = object.task_id AND owner.most_recent
    WHERE handler.named_step_id = object.named_step_id AND {{eligible}}
      AND ((SELECT $5::int) > 1 OR object.attempts IS NOT NULL)
      AND coalesce(nullif(btrim(audit.to_state), ''), 'pending') IN ('pending', 'error')
      AND coalesce(owner.to_state, 'pending') IN ('pending', 'in_progress')
      AND (audit.to_state = 'error'
        AND audit.created_at + least(2 ^ coalesce(object.attempts, 1), 30) * interval '1 second' > LOCALTIMESTAMP) IS NOT TRUE
      AND {{guard}}
    OFFSET 0
  ) AS ready
  WHERE NOT object.processed AND object.named_step_id = ANY (ARRAY(SELECT named_step_id FROM handler))
  ORDER BY object.workflow_step_id
  LIMIT (SELECT $6::int)
  FOR NO KEY UPDATE OF object SKIP LOCKED
)
SELECT found.place::text, found.version, found.workflow_step_id::text, found.task_id::text, found.state, found.task_state,
  coalesce(found.attempts, 0)::text, coalesce(found.retry_limit, 3)::text, found.context::text, found.inputs::text,
  found.results::text,
  (SELECT json_object_agg(named.name, parent.results ORDER BY parent.workflow_step_id)::text
   FROM tasker_workflow_step_edges edge
   JOIN tasker_workflow_steps parent ON parent.workflow_step_id = edge.from_step_id
   JOIN tasker_named_steps named ON named.named_step_id = parent.named_step_id
   WHERE edge.to_step_id = found.workflow_step_id)
FROM found
ORDER BY found.workflow_step_id

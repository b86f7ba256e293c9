-- The steps of a worker's handlers that can run now, oldest first; a part of
-- worker_steps.sql. Their rows are locked until the transaction ends, and rows that
-- another worker has locked are passed over: workers that look at the same time
-- find different steps. A step of an erroneous task is left alone, as the engine's
-- loop does.
--
-- $5 the version of the readiness rules; $6 how many steps at most.
SELECT ready.*, object.workflow_step_id, object.task_id, object.attempts, object.retry_limit, object.inputs,
  object.results, NULL::bigint AS token
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

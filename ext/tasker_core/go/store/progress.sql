-- How a task stands, step by step, as one row; none for an unknown task. began is the
-- first time in progress, ended the most recent row of a state to stay in. Edges are those
-- between two of its steps.
WITH step AS MATERIALIZED (
  SELECT ws.workflow_step_id AS id, named.name, ws.attempts, ws.retry_limit, audit.state, audit.began, audit.ended
  FROM tasker_workflow_steps ws
  JOIN tasker_named_steps named USING (named_step_id)
  CROSS JOIN LATERAL (
    SELECT max(t.to_state) FILTER (WHERE t.most_recent) AS state,
      min(t.created_at) FILTER (WHERE t.to_state = 'in_progress') AS began,
      max(t.created_at) FILTER (
        WHERE t.most_recent AND t.to_state IN ('complete', 'resolved_manually', 'error', 'cancelled')) AS ended
    FROM tasker_workflow_step_transitions t WHERE t.workflow_step_id = ws.workflow_step_id
  ) AS audit
  WHERE ws.task_id = (SELECT $1::bigint)
)
SELECT encode(timestamp_send(LOCALTIMESTAMP), 'hex'),
  (SELECT t.to_state FROM tasker_task_transitions t WHERE t.task_id = task.task_id AND t.most_recent LIMIT 1),
  named.name, namespace.name, named.version, steps.*, edges.*
FROM tasker_tasks task
JOIN tasker_named_tasks named USING (named_task_id)
LEFT JOIN tasker_task_namespaces namespace USING (task_namespace_id)
CROSS JOIN (
  SELECT array_agg(id ORDER BY id)::text, array_agg(name ORDER BY id)::text, array_agg(state ORDER BY id)::text,
    array_agg(attempts ORDER BY id)::text, array_agg(retry_limit ORDER BY id)::text,
    array_agg(encode(timestamp_send(began), 'hex') ORDER BY id)::text,
    array_agg(encode(timestamp_send(ended), 'hex') ORDER BY id)::text
  FROM step) AS steps
CROSS JOIN (
  SELECT array_agg(e.from_step_id ORDER BY e.id)::text, array_agg(e.to_step_id ORDER BY e.id)::text
  FROM step JOIN tasker_workflow_step_edges e ON e.to_step_id = step.id
  WHERE e.from_step_id IN (SELECT id FROM step)) AS edges
WHERE task.task_id = (SELECT $1::bigint)

-- The steps of some tasks, the edges into them, their current states, the names
-- and the tasks themselves, as one row of arrays: the cost in the host does not
-- grow with rows times columns. One array of them all would be quoted once more, which
-- costs more than the columns do as soon as there are some hundred steps.
--
-- The parameter is hidden behind a sub-select so that the planner does not see
-- its value: one plan serves every task and is kept after five executions.
--
-- Ids of one task mostly lie close together. Where they do (dense), edges and
-- states are read by one range scan each, and rows of other tasks in the range
-- are dropped by the reader; where they do not, each is looked up by its id.
WITH step AS MATERIALIZED (
  SELECT ws.workflow_step_id AS id, ws.task_id, ws.named_step_id, ws.attempts, ws.retry_limit,
    CASE WHEN ws.retryable IS FALSE THEN 0 ELSE 1 END
      + CASE WHEN ws.in_process THEN 2 ELSE 0 END
      + CASE WHEN ws.processed THEN 4 ELSE 0 END AS flags,
    ws.backoff_request_seconds, ws.last_attempted_at
  FROM tasker_workflow_steps ws
  WHERE ws.task_id = ANY ((SELECT $1)::bigint[])
), span AS MATERIALIZED (
  SELECT min(id) AS low, max(id) AS high, max(id) - min(id) < 4 * count(*) AS dense FROM step
)
SELECT * FROM
  (SELECT array_agg(id)::text, array_agg(task_id)::text, array_agg(named_step_id)::text,
     array_agg(attempts)::text, array_agg(retry_limit)::text, array_agg(flags)::text,
     array_agg(backoff_request_seconds)::text,
     array_agg(encode(timestamp_send(last_attempted_at), 'hex'))::text
   FROM step) AS steps,
  (SELECT array_agg(parent)::text, array_agg(child)::text FROM (
     SELECT e.from_step_id AS parent, e.to_step_id AS child
     FROM tasker_workflow_step_edges e
     WHERE (SELECT dense FROM span)
       AND e.to_step_id BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)
     UNION ALL
     SELECT e.from_step_id, e.to_step_id
     FROM step JOIN tasker_workflow_step_edges e ON e.to_step_id = step.id
     WHERE NOT (SELECT dense FROM span)) AS edge) AS edges,
  (SELECT array_agg(id)::text, array_agg(to_state)::text,
     array_agg(encode(timestamp_send(failed_at), 'hex'))::text FROM (
     SELECT t.workflow_step_id AS id, t.to_state,
       CASE WHEN t.to_state = 'error' THEN t.created_at END AS failed_at
     FROM tasker_workflow_step_transitions t
     WHERE (SELECT dense FROM span) AND t.most_recent
       AND t.workflow_step_id BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)
     UNION ALL
     SELECT t.workflow_step_id, t.to_state, CASE WHEN t.to_state = 'error' THEN t.created_at END
     FROM step JOIN tasker_workflow_step_transitions t
       ON t.workflow_step_id = step.id AND t.most_recent
     WHERE NOT (SELECT dense FROM span)) AS state) AS states,
  (SELECT array_agg(named_step_id)::text, array_agg(name)::text
   FROM tasker_named_steps WHERE named_step_id IN (SELECT named_step_id FROM step)) AS names,
  (SELECT array_agg(task.task_id)::text, array_agg(task.named_task_id)::text, array_agg(t.to_state)::text
   FROM tasker_tasks task
   LEFT JOIN tasker_task_transitions t ON t.task_id = task.task_id AND t.most_recent
   WHERE task.task_id = ANY ((SELECT $1)::bigint[])) AS tasks,
  (SELECT encode(timestamp_send(LOCALTIMESTAMP), 'hex')) AS clock

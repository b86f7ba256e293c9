-- What a task is called, and when its steps began and ended, as one row: began is
-- the first time in progress, ended the most recent row of a state to stay in. A
-- reader looks the steps up by id: those without any such row are missing.
WITH moment AS MATERIALIZED (
  SELECT t.workflow_step_id AS id,
    min(t.created_at) FILTER (WHERE t.to_state = 'in_progress') AS began,
    max(t.created_at) FILTER (
      WHERE t.most_recent AND t.to_state IN ('complete', 'resolved_manually', 'error', 'cancelled')) AS ended
  FROM tasker_workflow_steps ws
  JOIN tasker_workflow_step_transitions t USING (workflow_step_id)
  WHERE ws.task_id = (SELECT $1::bigint)
  GROUP BY t.workflow_step_id
)
SELECT * FROM
  (SELECT array_agg(id)::text, array_agg(encode(timestamp_send(began), 'hex'))::text,
     array_agg(encode(timestamp_send(ended), 'hex'))::text
   FROM moment WHERE began IS NOT NULL) AS moments,
  (SELECT max(named.name), max(namespace.name), max(named.version)
   FROM tasker_tasks task
   JOIN tasker_named_tasks named USING (named_task_id)
   LEFT JOIN tasker_task_namespaces namespace USING (task_namespace_id)
   WHERE task.task_id = (SELECT $1::bigint)) AS names

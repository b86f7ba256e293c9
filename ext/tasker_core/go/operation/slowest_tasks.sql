-- Tasks made since a moment ($1, microseconds since 1970 in UTC; NULL: 24 hours ago) by the time
-- until their last complete or failed step, longest first, as one row of arrays: the engine's
-- get_slowest_tasks_v01, as it is meant ($2 limit, $3 namespace, $4 task name, $5 version; NULL for
-- any).
--
-- The function counts a step once for each transition in its history (and once without any); its
-- numbers are kept, but counted for the tasks of the answer alone.
WITH task AS MATERIALIZED (
  SELECT task.task_id, task.created_at, task.initiator, task.source_system,
    template.name, template.version, namespace.name AS namespace
  FROM tasker_tasks AS task
  JOIN tasker_named_tasks AS template ON template.named_task_id = task.named_task_id
  JOIN tasker_task_namespaces AS namespace ON namespace.task_namespace_id = template.task_namespace_id
  WHERE task.created_at > coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
                                   now() - interval '24 hours')
    {{filters}}
), ended AS (
  SELECT step.task_id, max(latest.created_at) AS at
  FROM tasker_workflow_step_transitions AS latest
  JOIN tasker_workflow_steps AS step ON step.workflow_step_id = latest.workflow_step_id
  WHERE latest.most_recent AND latest.to_state IN ('complete', 'error')
    AND step.task_id IN (SELECT task_id FROM task)
  GROUP BY step.task_id
), longest AS MATERIALIZED (
  SELECT task.*, ended.at AS ended_at
  FROM task JOIN ended USING (task_id)
  ORDER BY ended.at - task.created_at DESC, task_id
  LIMIT $2::bigint
)
SELECT
  array_agg(task_id)::text, array_agg(name)::text, array_agg(namespace)::text, array_agg(version)::text,
  array_agg(seconds)::text, array_agg(total)::text, array_agg(done)::text, array_agg(failed)::text,
  array_agg(encode(timestamp_send(created_at), 'hex'))::text,
  array_agg(encode(timestamp_send(ended_at), 'hex'))::text,
  array_agg(initiator)::text, array_agg(source_system)::text
FROM (
  SELECT longest.*, progress.*,
    round(extract(epoch FROM ended_at - created_at)::numeric, 3) AS seconds
  FROM longest
  CROSS JOIN LATERAL (
    SELECT count(*) AS total,
      count(*) FILTER (WHERE latest.to_state = 'complete') AS done,
      count(*) FILTER (WHERE latest.to_state = 'error') AS failed
    FROM tasker_workflow_steps AS step
    LEFT JOIN tasker_workflow_step_transitions AS latest
      ON latest.workflow_step_id = step.workflow_step_id AND latest.most_recent
    LEFT JOIN tasker_workflow_step_transitions AS history
      ON history.workflow_step_id = step.workflow_step_id
    WHERE step.task_id = longest.task_id
  ) AS progress
  ORDER BY ended_at - created_at DESC, task_id
) AS ranked

-- Complete steps made since a moment ($1, microseconds since 1970 in UTC; NULL: 24 hours ago),
-- longest first, as one row of arrays: the engine's get_slowest_steps_v01, as it is meant ($2 limit,
-- $3 namespace, $4 task name, $5 version; NULL for any).
--
-- Intervals are ranked rather than seconds: the order is the same, and a number is computed for the
-- rows of the answer alone.
WITH longest AS MATERIALIZED (
  SELECT step.workflow_step_id, step.task_id, step.named_step_id, step.attempts, step.retryable,
    step.created_at, latest.created_at AS ended_at, latest.to_state,
    template.name, template.version, namespace.name AS namespace
  FROM tasker_workflow_steps AS step
  JOIN tasker_workflow_step_transitions AS latest
    ON latest.workflow_step_id = step.workflow_step_id
    AND latest.most_recent AND latest.to_state = 'complete'
  JOIN tasker_tasks AS task ON task.task_id = step.task_id
  JOIN tasker_named_tasks AS template ON template.named_task_id = task.named_task_id
  JOIN tasker_task_namespaces AS namespace ON namespace.task_namespace_id = template.task_namespace_id
  WHERE step.created_at > coalesce(timestamptz 'epoch' + $1::bigint * interval '1 microsecond',
                                   now() - interval '24 hours')
    {{filters}}
    AND latest.created_at > step.created_at
  ORDER BY latest.created_at - step.created_at DESC, step.workflow_step_id
  LIMIT $2::bigint
)
SELECT
  array_agg(workflow_step_id)::text, array_agg(task_id)::text,
  array_agg(step_name)::text, array_agg(name)::text, array_agg(namespace)::text, array_agg(version)::text,
  array_agg(seconds)::text, array_agg(attempts)::text,
  array_agg(encode(timestamp_send(created_at), 'hex'))::text,
  array_agg(encode(timestamp_send(ended_at), 'hex'))::text,
  array_agg(retryable::integer)::text, array_agg(to_state)::text
FROM (
  SELECT longest.*, named.name AS step_name,
    round(extract(epoch FROM ended_at - longest.created_at)::numeric, 3) AS seconds
  FROM longest
  JOIN tasker_named_steps AS named ON named.named_step_id = longest.named_step_id
  ORDER BY ended_at - longest.created_at DESC, workflow_step_id
) AS ranked

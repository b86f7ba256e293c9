-- The tasks whose run was cut short between two steps: in_progress, none of their
-- steps is, and nothing has happened to them for $1 microseconds. And pending tasks for
-- which no job is enqueued, as the mark wake_up in their audit row says: lost where the
-- queue took none, held where nothing can change for them, created (or taken) where they
-- were made for Rails and no listener has enqueued them.
SELECT array_agg(task.task_id ORDER BY task.task_id)::text, array_agg(named.name ORDER BY task.task_id)::text,
  array_agg(encode(timestamp_send(activity.latest), 'hex') ORDER BY task.task_id)::text
FROM tasker_task_transitions audit
JOIN tasker_tasks task ON task.task_id = audit.task_id
JOIN tasker_named_tasks named ON named.named_task_id = task.named_task_id
CROSS JOIN LATERAL (
  SELECT greatest(audit.created_at, max(own.created_at), max(step.updated_at)) AS latest,
    coalesce(bool_or(own.to_state = 'in_progress'), false) AS busy
  FROM tasker_workflow_steps step
  LEFT JOIN tasker_workflow_step_transitions own ON own.workflow_step_id = step.workflow_step_id AND own.most_recent
  WHERE step.task_id = audit.task_id
) AS activity
WHERE audit.most_recent AND (audit.to_state = 'in_progress' AND NOT activity.busy
    OR audit.to_state = 'pending' AND audit.metadata ->> 'wake_up' IN ('lost', 'held', 'created', 'taken'))
  AND activity.latest < LOCALTIMESTAMP - $1::bigint * interval '1 microsecond'

-- The steps that nobody seems to work on any more: in_progress for longer than $1
-- microseconds, of tasks that are not closed. A worker that renews its claims
-- (renew_claims) touches updated_at. {{lock}} is empty, or locks the
-- audit rows in the order of their steps; who waits there for a worker that
-- finishes looks again after it, and finds its row no longer most recent.
SELECT audit.id AS row_id, step.workflow_step_id AS id, step.task_id, step.named_step_id, audit.sort_key,
  greatest(audit.created_at, audit.updated_at) AS since, step.attempts, step.retry_limit
FROM tasker_workflow_step_transitions audit
JOIN tasker_workflow_steps step ON step.workflow_step_id = audit.workflow_step_id
LEFT JOIN tasker_task_transitions task ON task.task_id = step.task_id AND task.most_recent
WHERE audit.most_recent AND audit.to_state = 'in_progress'
  AND greatest(audit.created_at, audit.updated_at) < LOCALTIMESTAMP - $1::bigint * interval '1 microsecond'
  AND coalesce(task.to_state, 'pending') NOT IN ('complete', 'cancelled', 'resolved_manually')
ORDER BY step.workflow_step_id
{{lock}}

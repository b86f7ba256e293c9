-- Counts over the whole database, as one row: the engine's get_system_health_counts_v01. A task or
-- step without any transition counts in its total only; a step whose attempts or limit are NULL is
-- neither retryable nor exhausted.
--
-- Only the transitions of failed steps are joined with their steps: the function joins all of them.
SELECT
  (SELECT count(*) FROM tasker_tasks)::text,
  tasks.pending::text, tasks.running::text, tasks.done::text, tasks.failed::text, tasks.cancelled::text,
  (SELECT count(*) FROM tasker_workflow_steps)::text,
  steps.pending::text, steps.running::text, steps.done::text, steps.failed::text,
  failures.retryable::text, failures.exhausted::text, failures.attempted::text,
  (SELECT count(*) FROM pg_stat_activity
   WHERE datname = current_database() AND state = 'active')::text,
  coalesce(current_setting('max_connections', true), '0')
FROM
  (SELECT
     count(*) FILTER (WHERE to_state = 'pending') AS pending,
     count(*) FILTER (WHERE to_state = 'in_progress') AS running,
     count(*) FILTER (WHERE to_state = 'complete') AS done,
     count(*) FILTER (WHERE to_state = 'error') AS failed,
     count(*) FILTER (WHERE to_state = 'cancelled') AS cancelled
   FROM tasker_task_transitions WHERE most_recent) AS tasks,
  (SELECT
     count(*) FILTER (WHERE to_state = 'pending') AS pending,
     count(*) FILTER (WHERE to_state = 'in_progress') AS running,
     count(*) FILTER (WHERE to_state = 'complete') AS done,
     count(*) FILTER (WHERE to_state = 'error') AS failed
   FROM tasker_workflow_step_transitions WHERE most_recent) AS steps,
  (SELECT
     count(*) FILTER (WHERE step.attempts < step.retry_limit AND step.retryable) AS retryable,
     count(*) FILTER (WHERE step.attempts >= step.retry_limit) AS exhausted,
     count(*) FILTER (WHERE step.attempts < step.retry_limit AND step.retryable
                        AND step.last_attempted_at IS NOT NULL) AS attempted
   FROM tasker_workflow_step_transitions AS latest
   JOIN tasker_workflow_steps AS step ON step.workflow_step_id = latest.workflow_step_id
   WHERE latest.most_recent AND latest.to_state = 'error') AS failures

-- Finishes a step that this run has claimed: the audit row and the step's columns
-- in one statement, if the claim still holds; finish_and_claim.sql is what a claim
-- adds to it.
--
-- $1 the step, $2 the claim's token, $3 complete or error, $4 the time to write,
-- $5 metadata, then the step to claim where there is one, then the values of the
-- columns.
WITH held AS MATERIALIZED (
  SELECT id FROM tasker_workflow_step_transitions
  WHERE id = $2::bigint AND workflow_step_id = $1::bigint AND most_recent
  FOR UPDATE
), cleared AS (
  UPDATE tasker_workflow_step_transitions audit
  SET most_recent = false, updated_at = coalesce($4::timestamp, LOCALTIMESTAMP)
  FROM held WHERE audit.id = held.id
  RETURNING audit.workflow_step_id, audit.sort_key
), inserted AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT workflow_step_id, $3::text, sort_key + {{increment}}, true, $5::jsonb,
    coalesce($4::timestamp, LOCALTIMESTAMP), coalesce($4::timestamp, LOCALTIMESTAMP)
  FROM cleared
  RETURNING id, workflow_step_id, sort_key
), saved AS (
  UPDATE tasker_workflow_steps step
  SET updated_at = coalesce($4::timestamp, LOCALTIMESTAMP){{columns}}
  FROM inserted WHERE step.workflow_step_id = inserted.workflow_step_id
  RETURNING step.xmin::text AS version, step.task_id, step.attempts, step.retry_limit, step.retryable, step.in_process, step.processed,
    step.backoff_request_seconds, encode(timestamp_send(step.last_attempted_at), 'hex') AS last_attempted_at
){{claim}}
SELECT ARRAY[inserted.id::text, inserted.sort_key::text, saved.version, saved.attempts::text, saved.retry_limit::text,
  saved.retryable::text, saved.in_process::text, saved.processed::text, saved.backoff_request_seconds::text,
  saved.last_attempted_at, encode(timestamp_send(LOCALTIMESTAMP), 'hex'),
  (SELECT to_state FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1::bigint AND most_recent),
  (SELECT task.xmin::text FROM tasker_tasks task WHERE task.task_id = saved.task_id){{claimed}}]::text
FROM (SELECT) AS always LEFT JOIN inserted ON true LEFT JOIN saved ON true

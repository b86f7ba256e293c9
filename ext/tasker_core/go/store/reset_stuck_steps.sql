-- Takes steps from workers that are gone, as if each had failed: the attempt
-- counts, and the step says why. Where an attempt is left it is pending again, else
-- it stays in error. Only rows that are stuck when they are written are touched.
--
-- $1 microseconds, $2 the time to write, $3 metadata of the audit rows, $4 results.
WITH stuck AS MATERIALIZED (
{{stuck}}
), cleared AS (
  UPDATE tasker_workflow_step_transitions audit
  SET most_recent = false, updated_at = coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM stuck WHERE audit.id = stuck.row_id
  RETURNING stuck.*
), saved AS (
  UPDATE tasker_workflow_steps step
  SET attempts = coalesce(step.attempts, 0) + 1, last_attempted_at = coalesce($2::timestamp, LOCALTIMESTAMP),
    in_process = false, processed = false, backoff_request_seconds = NULL, results = $4::jsonb,
    updated_at = coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM cleared WHERE step.workflow_step_id = cleared.id
  RETURNING cleared.id, cleared.task_id, cleared.named_step_id, cleared.sort_key, cleared.since, step.attempts,
    step.retry_limit, step.retryable AND step.attempts < coalesce(step.retry_limit, 3) AS again
), inserted AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT saved.id, state.name, saved.sort_key + state.place * {{increment}}, state.place = 2 OR NOT saved.again, $3::jsonb,
    coalesce($2::timestamp, LOCALTIMESTAMP), coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM saved JOIN (VALUES ('error', 1), ('pending', 2)) AS state (name, place) ON state.place = 1 OR saved.again
  ORDER BY saved.id, state.place
)
SELECT {{columns}}, array_agg(CASE WHEN step.again THEN 'pending' ELSE 'error' END ORDER BY step.id)::text
FROM saved AS step JOIN tasker_named_steps named ON named.named_step_id = step.named_step_id

-- Makes a task with its steps and edges, and tells who listens on a channel when the
-- transaction commits. Where another task has the same identity nothing is made: the answer
-- names that task, as far as it can be seen.
--
-- The numbers of the steps ascend in the order in which they are inserted, so that the place
-- of a step among their numbers is its place among the parameters.
--
-- $1 the named task, $2 initiator, $3 source system, $4 reason, $5 bypassed steps, $6 tags,
-- $7 context, $8 the time to write, null for the database's own; $9 the identity, or null
-- and $10 what is hashed up to the minute, $11 the minute, null for that of $8, and $12 what
-- follows on it; without both it is a random UUID. $13 named steps, $14 retryable, $15 retry
-- limits, $16 skippable and $17 inputs (null for the context) of the steps; $18 and $19 the
-- places from which and to which edges go; $20 the channel; $21 metadata of an audit row
-- that says pending, null for none.
WITH known AS MATERIALIZED (
  SELECT coalesce($9::text, encode(sha256(convert_to($10::text || coalesce($11::text,
      to_char(coalesce($8::timestamp, LOCALTIMESTAMP), 'YYYY-MM-DD HH24:MI')) || $12::text, 'UTF8')), 'hex'),
    gen_random_uuid()::text) AS identity
), task AS (
  INSERT INTO tasker_tasks (named_task_id, complete, requested_at, initiator, source_system, reason, bypass_steps, tags,
    context, identity_hash, created_at, updated_at)
  SELECT $1::int, false, coalesce($8::timestamp, LOCALTIMESTAMP), $2::text, $3::text, $4::text, $5::json, $6::jsonb,
    $7::jsonb, known.identity, coalesce($8::timestamp, LOCALTIMESTAMP), coalesce($8::timestamp, LOCALTIMESTAMP)
  FROM known WHERE NOT EXISTS (SELECT FROM tasker_tasks same WHERE same.identity_hash = known.identity)
  ON CONFLICT DO NOTHING
  RETURNING task_id, context, created_at
), step AS (
  INSERT INTO tasker_workflow_steps (task_id, named_step_id, retryable, retry_limit, skippable, in_process, processed,
    attempts, inputs, results, created_at, updated_at)
  SELECT task.task_id, given.named_step_id, given.retryable, given.retry_limit, given.skippable, false, false, 0,
    coalesce(given.inputs::jsonb, task.context), '{}', task.created_at, task.created_at
  FROM task
  CROSS JOIN unnest($13::int[], $14::boolean[], $15::int[], $16::boolean[], $17::text[]) WITH ORDINALITY
    AS given (named_step_id, retryable, retry_limit, skippable, inputs, place)
  ORDER BY given.place
  RETURNING workflow_step_id
), steps AS MATERIALIZED (
  SELECT array_agg(workflow_step_id ORDER BY workflow_step_id) AS ids FROM step
), edges AS (
  INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT steps.ids[edge.source + 1], steps.ids[edge.target + 1], 'provides', task.created_at, task.created_at
  FROM task
  CROSS JOIN steps
  CROSS JOIN unnest($18::int[], $19::int[]) WITH ORDINALITY AS edge (source, target, place)
  ORDER BY edge.place
), pending AS (
  INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT task_id, 'pending', {{increment}}, true, $21::jsonb, created_at, created_at FROM task WHERE $21::text IS NOT NULL
)
SELECT task.task_id::text, known.identity, encode(timestamp_send(task.created_at), 'hex'),
  (SELECT ids::text FROM steps),
  (SELECT same.task_id::text FROM tasker_tasks same WHERE same.identity_hash = known.identity),
  CASE WHEN task.task_id IS NOT NULL THEN pg_notify($20::text, task.task_id::text)::text END
FROM known LEFT JOIN task ON true

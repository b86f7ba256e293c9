-- Claims a step for one run: pending becomes in_progress if the task is not
-- closed, every parent is satisfied, nobody works on the step and its waiting
-- time is over. It gives what it saw, so that a refusal can be explained, and the
-- row versions of what the handler is going to read: the step and its parents.
--
-- The row of the claim is its token: only who knows its id can finish the step.
-- Locks and lost races are as in transition.sql. A step that was in a state before
-- has its row cleared and another inserted or neither: should the sort key be taken,
-- the statement fails as a whole, with or without a transaction around it.
--
-- $1 the step, $2 the time to write; for a worker $3, the id of its claim.
WITH seen AS MATERIALIZED (
  SELECT object.workflow_step_id AS id, audit.id AS row_id,
    coalesce(nullif(btrim(audit.to_state), ''), 'pending') AS state,
    {{guard}} AS guard,
    {{eligible}} AS eligible,
    rows.ids, rows.versions,
    coalesce(task.to_state, 'pending') AS task_state
  FROM tasker_workflow_steps object
  LEFT JOIN tasker_workflow_step_transitions audit
    ON audit.workflow_step_id = object.workflow_step_id AND audit.most_recent
  LEFT JOIN tasker_task_transitions task ON task.task_id = object.task_id AND task.most_recent
  CROSS JOIN LATERAL (
    SELECT array_agg(read.workflow_step_id)::text AS ids, array_agg(read.xmin::text::bigint)::text AS versions
    FROM tasker_workflow_steps read
    WHERE read.workflow_step_id = ANY (object.workflow_step_id || ARRAY(
      SELECT from_step_id FROM tasker_workflow_step_edges WHERE to_step_id = object.workflow_step_id))
  ) AS rows
  WHERE object.workflow_step_id = $1::bigint
), open AS MATERIALIZED (
  SELECT id, row_id FROM seen
  WHERE state = 'pending' AND guard AND eligible AND task_state NOT IN ('complete', 'cancelled', 'resolved_manually')
), cleared AS (
  UPDATE tasker_workflow_step_transitions audit
  SET most_recent = false, updated_at = coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM open WHERE audit.id = open.row_id AND audit.most_recent
  RETURNING audit.workflow_step_id AS id
), again AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT cleared.id, 'in_progress',
    (SELECT max(sort_key) + {{increment}} FROM tasker_workflow_step_transitions WHERE workflow_step_id = cleared.id),
    true, {{metadata}}, coalesce($2::timestamp, LOCALTIMESTAMP), coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM cleared
  RETURNING id, sort_key
), unmoved AS MATERIALIZED (
  SELECT object.workflow_step_id AS id FROM tasker_workflow_steps object
  JOIN open ON open.id = object.workflow_step_id AND open.row_id IS NULL
  FOR KEY SHARE OF object
), first AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT unmoved.id, 'in_progress',
    (SELECT coalesce(max(sort_key), 0) + {{increment}} FROM tasker_workflow_step_transitions WHERE workflow_step_id = unmoved.id),
    true, {{metadata}}, coalesce($2::timestamp, LOCALTIMESTAMP), coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM unmoved
  ON CONFLICT DO NOTHING
  RETURNING id, sort_key
)
SELECT ARRAY[inserted.id::text, inserted.sort_key::text, seen.ids, seen.versions, seen.state, seen.guard::text,
  seen.eligible::text, seen.task_state]::text
FROM seen LEFT JOIN (SELECT id, sort_key FROM again UNION ALL SELECT id, sort_key FROM first) AS inserted ON true

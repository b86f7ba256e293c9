-- Claims a step for one run: pending becomes in_progress if the task is not
-- closed, every parent is satisfied, nobody works on the step and its waiting
-- time is over. It gives what it saw, so that a refusal can be explained, and the
-- row versions of what the handler is going to read: the step and its parents.
--
-- The row of the claim is its token: only who knows its id can finish the step.
-- Locks and lost races are as in transition.sql.
--
-- $1 the step, $2 the time to write.
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
), inserted AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT source.id, 'in_progress',
    (SELECT coalesce(max(sort_key), 0) + {{increment}} FROM tasker_workflow_step_transitions WHERE workflow_step_id = source.id),
    true, '{}', coalesce($2::timestamp, LOCALTIMESTAMP), coalesce($2::timestamp, LOCALTIMESTAMP)
  FROM (SELECT id FROM cleared UNION ALL SELECT id FROM open WHERE row_id IS NULL) AS source
  ON CONFLICT DO NOTHING
  RETURNING id, sort_key
)
SELECT ARRAY[inserted.id::text, inserted.sort_key::text, seen.ids, seen.versions, seen.state, seen.guard::text,
  seen.eligible::text, seen.task_state, ((SELECT count(*) FROM cleared) > (SELECT count(*) FROM inserted))::text]::text
FROM seen LEFT JOIN inserted ON true

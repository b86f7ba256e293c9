
-- What follows is the claim of another step of the same task ($6), if the outcome was
-- written: a step that was in no state yet, that waits for no parent but the finished
-- one, and that has an attempt to spare beyond this one, because such a claim cannot be
-- given back where the process dies before the handler starts. No part of a
-- statement sees what another part wrote, so the finished step counts by its id.
--
-- The claim never waits and takes nothing back. Who works on the step holds its row: by
-- an update, or by the lock of an audit row's foreign key. SKIP LOCKED leaves the step
-- to them. The row is locked after the finished step is written, and looked at again
-- where somebody has changed it meanwhile; an audit row that was committed meanwhile
-- meets ON CONFLICT. What is left is the engine's own INSERT, whose row is in the
-- unique index for some microseconds before its foreign key is checked: whoever comes
-- in between makes a deadlock with it, and one of the two is told so (40P01).
--
-- IS FALSE and IS TRUE keep the sub-selects from becoming joins: without statistics
-- the planner would read all audit rows for them.
, next AS MATERIALIZED (
  SELECT object.workflow_step_id AS id, array_prepend(object.workflow_step_id, parents.ids)::text AS ids,
    array_prepend(object.xmin::text::bigint, parents.versions)::text AS versions
  FROM saved
  JOIN tasker_workflow_steps object ON object.workflow_step_id = $6::bigint AND object.task_id = saved.task_id
  LEFT JOIN tasker_task_transitions task ON task.task_id = object.task_id AND task.most_recent
  CROSS JOIN LATERAL (
    SELECT array_agg(read.workflow_step_id) AS ids, array_agg(read.xmin::text::bigint) AS versions
    FROM tasker_workflow_steps read
    WHERE read.workflow_step_id = ANY (ARRAY(
      SELECT from_step_id FROM tasker_workflow_step_edges
      WHERE to_step_id = object.workflow_step_id AND from_step_id <> $1::bigint))
  ) AS parents
  WHERE $3::text = 'complete' AND {{eligible}} AND coalesce(object.attempts, 0)::bigint + 1 < coalesce(object.retry_limit, 3)
    AND coalesce(task.to_state, 'pending') NOT IN ('complete', 'cancelled', 'resolved_manually')
    AND (EXISTS (
      SELECT FROM tasker_workflow_step_transitions audit WHERE audit.workflow_step_id = object.workflow_step_id)) IS FALSE
    AND ({{guard}}) IS TRUE
  FOR UPDATE OF object SKIP LOCKED
), claimed AS (
  INSERT INTO tasker_workflow_step_transitions
    (workflow_step_id, to_state, sort_key, most_recent, metadata, created_at, updated_at)
  SELECT id, 'in_progress', {{increment}}, true, '{}', coalesce($4::timestamp, LOCALTIMESTAMP),
    coalesce($4::timestamp, LOCALTIMESTAMP)
  FROM next
  ON CONFLICT DO NOTHING
  RETURNING id, sort_key
)
-- What became of a claim or of an outcome whose answer was lost: the step's audit
-- row now, the row of the claim, and the row of the step that was to be claimed with
-- it. A row of the same statement has the same xmin.
--
-- $1 the step, $2 the claim's token, null where the claim itself was lost, $3 the time
-- that was to be written, $4 the step to be claimed with it, null for none.
SELECT ARRAY[last.id::text, last.sort_key::text, coalesce(nullif(btrim(last.to_state), ''), 'pending'),
  encode(timestamp_send(last.created_at), 'hex'), (last.created_at = $3::timestamp)::text,
  token.sort_key::text, token.most_recent::text, task.xmin::text, claimed.id::text, claimed.sort_key::text,
  '{' || next.workflow_step_id || '}', '{' || next.xmin || '}']::text
FROM tasker_workflow_steps object
JOIN tasker_tasks task ON task.task_id = object.task_id
LEFT JOIN tasker_workflow_step_transitions last
  ON last.workflow_step_id = object.workflow_step_id AND last.most_recent
LEFT JOIN tasker_workflow_step_transitions token
  ON token.id = $2::bigint AND token.workflow_step_id = object.workflow_step_id
LEFT JOIN tasker_workflow_steps next ON next.workflow_step_id = $4::bigint AND next.task_id = object.task_id
LEFT JOIN tasker_workflow_step_transitions claimed
  ON claimed.workflow_step_id = next.workflow_step_id AND claimed.most_recent
    AND claimed.to_state = 'in_progress' AND claimed.xmin = last.xmin
WHERE object.workflow_step_id = $1::bigint

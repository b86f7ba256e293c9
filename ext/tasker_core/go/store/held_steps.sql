-- The steps of a worker's handlers that claims of one id hold, see claim.sql; a
-- part of worker_steps.sql. It walks the steps of these names that are not done.
--
-- $5 the id.
SELECT handler.place, handler.version, task.context, 'pending' AS state, 'in_progress' AS task_state,
  object.workflow_step_id, object.task_id, object.attempts, object.retry_limit, object.inputs, object.results,
  audit.id AS token
FROM handler
JOIN tasker_workflow_steps object ON object.named_step_id = handler.named_step_id AND NOT object.processed
JOIN tasker_tasks task ON task.task_id = object.task_id AND task.named_task_id = handler.named_task_id
JOIN tasker_workflow_step_transitions audit ON audit.workflow_step_id = object.workflow_step_id
  AND audit.most_recent AND audit.to_state = 'in_progress' AND audit.metadata ->> 'claim' = (SELECT $5::text)

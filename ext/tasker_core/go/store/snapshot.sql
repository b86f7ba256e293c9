-- A task's steps, the edges into them and their current states as one text (see
-- snapshot_text.go): a host decodes an answer value by value, so that one value costs it
-- the same whatever the task's size.
--
-- The parameter is hidden behind a sub-select: one plan serves every task and is kept
-- after five executions. An equality keeps it small, where an array would be planned for
-- ten tasks.
--
-- Ids of one task mostly lie close together. Where they do (dense), edges and states are
-- read by one range scan each, and the reader drops rows of other tasks in the range;
-- where they do not, each is looked up by its id.
SELECT concat(encode(timestamp_send(LOCALTIMESTAMP), 'hex'), '|', task.steps, '|(|',
  CASE WHEN task.dense THEN {{edges in range}} ELSE {{edges by id}} END, '|',
  CASE WHEN task.dense THEN {{states in range}} ELSE {{states by id}} END, ')'{{names}}{{tasks}})
FROM (
  SELECT {{span}}{{named}},
    string_agg(concat_ws(',', step.workflow_step_id, {{columns}}), ';') AS steps
  FROM {{steps}}
) AS task

-- snapshot.sql for many tasks: one text for all of them. Where the steps of all lie
-- close together, edges and states are read by one range scan each; where they do not,
-- task by task. A task whose id is given twice has its steps in the answer twice.
SELECT concat(encode(timestamp_send(LOCALTIMESTAMP), 'hex'), '|', task.steps, '|',
  CASE WHEN task.dense THEN concat('(|', {{edges in range}}, '|', {{states in range}}, ')')
  ELSE (
    SELECT string_agg(concat('(', asked.id, '|',
      CASE WHEN task.dense THEN {{edges in range}} ELSE {{edges by id}} END, '|',
      CASE WHEN task.dense THEN {{states in range}} ELSE {{states by id}} END, ')'), '')
    FROM unnest((SELECT $1::bigint[])) AS asked (id) CROSS JOIN LATERAL (
      SELECT {{span}}
      FROM tasker_workflow_steps step WHERE step.task_id = asked.id OFFSET 0
    ) AS task
  ) END{{names}}{{tasks}})
FROM (
  SELECT {{span}}{{named}},
    string_agg(concat_ws(',', step.workflow_step_id, step.task_id, {{columns}}), ';') AS steps
  FROM {{steps}}
) AS task

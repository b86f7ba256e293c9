-- Loads one set of analytics-vectors.json ($1) relative to now(), with the ids that it gives.
WITH named AS (
    SELECT named.*, dense_rank() OVER (ORDER BY namespace) AS namespace_id
    FROM jsonb_to_recordset($1::jsonb -> 'named_tasks') AS named (id integer, namespace text, name text, version text)
),
namespaces AS (
    INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at)
    SELECT DISTINCT namespace_id, namespace, now(), now()
    FROM named
),
templates AS (
    INSERT INTO tasker_named_tasks (named_task_id, task_namespace_id, name, version, created_at, updated_at)
    SELECT id, namespace_id, name, version, now(), now()
    FROM named
),
outside AS (
    INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at)
    VALUES (1, 'none', now(), now())
),
tasks AS (
    SELECT *
    FROM jsonb_to_recordset($1::jsonb -> 'tasks') AS task (
        id bigint, named_task integer, created_ago float, state text, state_ago float, complete boolean,
        initiator text, source_system text, steps jsonb
    )
),
stored_tasks AS (
    INSERT INTO tasker_tasks (
        task_id, named_task_id, complete, requested_at, initiator, source_system, identity_hash,
        created_at, updated_at
    )
    SELECT
        id, named_task, complete, now(), initiator, source_system, 'task ' || id,
        now() - created_ago * interval '1 second', now()
    FROM tasks
),
task_states AS (
    INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, created_at, updated_at)
    SELECT id, state, 10, now() - state_ago * interval '1 second', now()
    FROM tasks
    WHERE state IS NOT NULL
),
steps AS (
    SELECT tasks.id AS task_id, step.*
    FROM tasks
    CROSS JOIN LATERAL jsonb_to_recordset(tasks.steps) AS step (
        id bigint, named_step integer, created_ago float, state text, state_ago float, attempts integer,
        retry_limit integer, retryable boolean, last_attempted_ago float
    )
),
step_templates AS (
    INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
    SELECT DISTINCT named_step, 1, 'step_' || named_step, now(), now()
    FROM steps
),
stored_steps AS (
    INSERT INTO tasker_workflow_steps (
        workflow_step_id, task_id, named_step_id, retryable, retry_limit, attempts, last_attempted_at,
        created_at, updated_at
    )
    SELECT
        id, task_id, named_step, retryable, retry_limit, attempts,
        now() - last_attempted_ago * interval '1 second',
        now() - created_ago * interval '1 second', now()
    FROM steps
)
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at)
SELECT id, state, 10, now() - state_ago * interval '1 second', now()
FROM steps
WHERE state IS NOT NULL

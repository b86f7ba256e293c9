-- Loads the cases of readiness-vectors.json ($1, the array of cases) relative to now(). The task of
-- case n gets the id n, its step with the key k the id n * 1000 + k.
WITH input AS (
    SELECT item ->> 'id' AS id, item
    FROM jsonb_array_elements($1::jsonb) AS item
),
namespace AS (
    INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at)
    VALUES (1, 'default', now(), now())
),
template AS (
    INSERT INTO tasker_named_tasks (named_task_id, name, created_at, updated_at)
    VALUES (1, 'vectors', now(), now())
),
outside AS (
    INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at)
    VALUES (1, 'none', now(), now())
),
tasks AS (
    INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
    SELECT id::bigint, 1, now(), 'case ' || id, now(), now()
    FROM input
),
task_states AS (
    INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, created_at, updated_at)
    SELECT id::bigint, item #>> '{task,state}', 10, now(), now()
    FROM input
    WHERE item #>> '{task,state}' IS NOT NULL
),
steps AS (
    SELECT input.id::bigint AS task_id, input.id::bigint * 1000 + step.key AS step_id, step.*
    FROM input
    CROSS JOIN LATERAL jsonb_to_recordset(input.item -> 'steps') AS step (
        key integer, name text, state text, state_ago float, history integer, attempts integer,
        retry_limit integer, retryable boolean, in_process boolean, processed boolean,
        backoff_request_seconds integer, last_attempted_ago float
    )
),
templates AS (
    INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
    SELECT DISTINCT substr(name, 6)::integer, 1, name, now(), now()
    FROM steps
),
stored AS (
    INSERT INTO tasker_workflow_steps (
        workflow_step_id, task_id, named_step_id, retryable, retry_limit, in_process, processed,
        attempts, last_attempted_at, backoff_request_seconds, created_at, updated_at
    )
    SELECT
        step_id, task_id, substr(name, 6)::integer, retryable, retry_limit, in_process, processed,
        attempts, now() - last_attempted_ago * interval '1 second', backoff_request_seconds, now(), now()
    FROM steps
),
past AS (
    INSERT INTO tasker_workflow_step_transitions (
        workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at
    )
    SELECT step_id, 'error', turn * 10, false, now() - interval '1 day', now()
    FROM steps
    CROSS JOIN LATERAL generate_series(1, history) AS turn
),
present AS (
    INSERT INTO tasker_workflow_step_transitions (
        workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at
    )
    SELECT step_id, state, (history + 1) * 10, true, now() - state_ago * interval '1 second', now()
    FROM steps
    WHERE state IS NOT NULL
)
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
SELECT
    input.id::bigint * 1000 + (edge ->> 0)::bigint,
    input.id::bigint * 1000 + (edge ->> 1)::bigint,
    'provides', now(), now()
FROM input
CROSS JOIN LATERAL jsonb_array_elements(input.item -> 'edges') AS edge

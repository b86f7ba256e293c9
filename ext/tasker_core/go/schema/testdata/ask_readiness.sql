-- One row a task with the answers of the functions and the view, in the words of readiness-vectors.json.
WITH batch AS MATERIALIZED (
    SELECT * FROM get_step_readiness_status_batch((SELECT array_agg(task_id) FROM tasker_tasks))
),
contexts AS MATERIALIZED (
    SELECT * FROM get_task_execution_contexts_batch((SELECT array_agg(task_id) FROM tasker_tasks))
),
readiness AS (
    SELECT true AS of_batch, batch.* FROM batch
    UNION ALL
    SELECT false, single.*
    FROM tasker_tasks AS task
    CROSS JOIN LATERAL get_step_readiness_status(task.task_id) AS single
),
rendered AS (
    SELECT
        row.task_id,
        row.of_batch,
        jsonb_agg(jsonb_build_object(
            'key', row.workflow_step_id % 1000,
            'current_state', row.current_state,
            'dependencies_satisfied', row.dependencies_satisfied,
            'retry_eligible', row.retry_eligible,
            'ready_for_execution', row.ready_for_execution,
            'last_failure_ago', extract(epoch FROM now() - row.last_failure_at),
            'next_retry_in', extract(epoch FROM row.next_retry_at - now()),
            'total_parents', row.total_parents,
            'completed_parents', row.completed_parents,
            'attempts', row.attempts,
            'retry_limit', row.retry_limit
        ) ORDER BY row.workflow_step_id) AS answer
    FROM readiness AS row
    GROUP BY row.task_id, row.of_batch
)
SELECT
    task.task_id::bigint,
    (SELECT answer FROM rendered WHERE rendered.task_id = task.task_id AND NOT of_batch)::text AS readiness,
    (SELECT answer FROM rendered WHERE rendered.task_id = task.task_id AND of_batch)::text AS readiness_batch,
    (
        SELECT to_jsonb(single) - 'task_id' - 'named_task_id'
        FROM get_task_execution_context(task.task_id) AS single
    )::text AS context,
    (
        SELECT to_jsonb(contexts) - 'task_id' - 'named_task_id'
        FROM contexts
        WHERE contexts.task_id = task.task_id
    )::text AS context_batch,
    (
        SELECT jsonb_agg(jsonb_build_array(level.workflow_step_id % 1000, level.dependency_level)
            ORDER BY level.workflow_step_id)
        FROM calculate_dependency_levels(task.task_id) AS level
    )::text AS levels,
    (
        SELECT jsonb_agg(jsonb_build_object(
            'key', dag.workflow_step_id % 1000,
            'parents', (SELECT coalesce(jsonb_agg(id::bigint % 1000), '[]')
                FROM jsonb_array_elements_text(dag.parent_step_ids) AS id),
            'children', (SELECT coalesce(jsonb_agg(id::bigint % 1000), '[]')
                FROM jsonb_array_elements_text(dag.child_step_ids) AS id),
            'is_root', dag.is_root_step,
            'is_leaf', dag.is_leaf_step,
            'min_depth', dag.min_depth_from_root
        ) ORDER BY dag.workflow_step_id)
        FROM tasker_step_dag_relationships AS dag
        WHERE dag.task_id = task.task_id
    )::text AS dag,
    (
        SELECT count(*)
        FROM tasker_step_dag_relationships AS dag
        WHERE dag.task_id = task.task_id
            AND (dag.parent_count <> jsonb_array_length(dag.parent_step_ids)
                OR dag.child_count <> jsonb_array_length(dag.child_step_ids))
    ) AS miscounted
FROM tasker_tasks AS task
ORDER BY task.task_id

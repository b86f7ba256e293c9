-- What there is to do for many tasks: counts of their steps and the advice drawn from them.
-- It stands on get_step_readiness_status_batch, so both always follow the same rules of readiness.
CREATE FUNCTION get_task_execution_contexts_batch(
    input_task_ids bigint[]
) RETURNS TABLE (
    task_id               bigint,
    named_task_id         integer,
    status                text,
    total_steps           bigint,
    pending_steps         bigint,
    in_progress_steps     bigint,
    completed_steps       bigint,
    failed_steps          bigint,
    ready_steps           bigint,
    execution_status      text,
    recommended_action    text,
    completion_percentage numeric,
    health_status         text
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: task execution context, rules v01
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH tally AS (
        SELECT
            step.task_id,
            count(*) AS total,
            count(*) FILTER (WHERE step.current_state = 'pending') AS pending,
            count(*) FILTER (WHERE step.current_state = 'in_progress') AS running,
            count(*) FILTER (WHERE step.current_state IN ('complete', 'resolved_manually')) AS done,
            count(*) FILTER (WHERE step.current_state = 'error') AS failed,
            count(*) FILTER (WHERE step.ready_for_execution) AS ready,
            -- Failures without an attempt left: only these can block a task.
            count(*) FILTER (
                WHERE step.current_state = 'error' AND step.attempts >= step.retry_limit
            ) AS stuck
        FROM get_step_readiness_status_batch(input_task_ids) AS step
        GROUP BY step.task_id
    )
    SELECT
        task.task_id,
        task.named_task_id,
        coalesce(latest.to_state, 'pending')::text,
        n.total,
        n.pending,
        n.running,
        n.done,
        n.failed,
        n.ready,
        verdict.status,
        CASE verdict.status
            WHEN 'has_ready_steps' THEN 'execute_ready_steps'
            WHEN 'processing' THEN 'wait_for_completion'
            WHEN 'blocked_by_failures' THEN 'handle_failures'
            WHEN 'all_complete' THEN 'finalize_task'
            ELSE 'wait_for_dependencies'
        END,
        CASE n.total
            WHEN 0 THEN 0.0
            ELSE round(n.done::numeric / n.total * 100, 2)
        END,
        CASE
            WHEN n.failed = 0 THEN 'healthy'
            WHEN n.ready > 0 OR n.stuck = 0 THEN 'recovering'
            ELSE 'blocked'
        END
    FROM unnest(input_task_ids) AS wanted (id)
    JOIN tasker_tasks AS task
        ON task.task_id = wanted.id
    LEFT JOIN tasker_task_transitions AS latest
        ON latest.task_id = task.task_id
        AND latest.most_recent
    LEFT JOIN tally
        ON tally.task_id = task.task_id
    CROSS JOIN LATERAL (
        SELECT
            coalesce(tally.total, 0) AS total,
            coalesce(tally.pending, 0) AS pending,
            coalesce(tally.running, 0) AS running,
            coalesce(tally.done, 0) AS done,
            coalesce(tally.failed, 0) AS failed,
            coalesce(tally.ready, 0) AS ready,
            coalesce(tally.stuck, 0) AS stuck
    ) AS n
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN n.ready > 0 THEN 'has_ready_steps'
                WHEN n.running > 0 THEN 'processing'
                WHEN n.stuck > 0 THEN 'blocked_by_failures'
                WHEN n.done = n.total AND n.total > 0 THEN 'all_complete'
                ELSE 'waiting_for_dependencies'
            END AS status
    ) AS verdict
    ORDER BY task.task_id;
END
$tasker_core$;

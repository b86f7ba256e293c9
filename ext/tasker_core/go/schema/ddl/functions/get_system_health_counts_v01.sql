-- Counts over the whole database: tasks and steps by state, retries, connections.
-- A task or step without any transition counts in its total only.
CREATE FUNCTION get_system_health_counts_v01()
RETURNS TABLE (
    total_tasks           bigint,
    pending_tasks         bigint,
    in_progress_tasks     bigint,
    complete_tasks        bigint,
    error_tasks           bigint,
    cancelled_tasks       bigint,
    total_steps           bigint,
    pending_steps         bigint,
    in_progress_steps     bigint,
    complete_steps        bigint,
    error_steps           bigint,
    retryable_error_steps bigint,
    exhausted_retry_steps bigint,
    in_backoff_steps      bigint,
    active_connections    bigint,
    max_connections       bigint
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: system health counts, rules v01
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        (SELECT count(*) FROM tasker_tasks),
        tasks.pending,
        tasks.running,
        tasks.done,
        tasks.failed,
        tasks.cancelled,
        (SELECT count(*) FROM tasker_workflow_steps),
        steps.pending,
        steps.running,
        steps.done,
        steps.failed,
        failures.retryable,
        failures.exhausted,
        failures.attempted,
        connections.active,
        coalesce(current_setting('max_connections', true)::bigint, 0)
    FROM (
        SELECT
            count(*) FILTER (WHERE latest.to_state = 'pending') AS pending,
            count(*) FILTER (WHERE latest.to_state = 'in_progress') AS running,
            count(*) FILTER (WHERE latest.to_state = 'complete') AS done,
            count(*) FILTER (WHERE latest.to_state = 'error') AS failed,
            count(*) FILTER (WHERE latest.to_state = 'cancelled') AS cancelled
        FROM tasker_task_transitions AS latest
        WHERE latest.most_recent
    ) AS tasks
    CROSS JOIN (
        SELECT
            count(*) FILTER (WHERE latest.to_state = 'pending') AS pending,
            count(*) FILTER (WHERE latest.to_state = 'in_progress') AS running,
            count(*) FILTER (WHERE latest.to_state = 'complete') AS done,
            count(*) FILTER (WHERE latest.to_state = 'error') AS failed
        FROM tasker_workflow_step_transitions AS latest
        WHERE latest.most_recent
    ) AS steps
    CROSS JOIN (
        -- A step whose attempts or limit are NULL is in none of these.
        SELECT
            count(*) FILTER (WHERE step.attempts < step.retry_limit AND step.retryable) AS retryable,
            count(*) FILTER (WHERE step.attempts >= step.retry_limit) AS exhausted,
            count(*) FILTER (
                WHERE step.attempts < step.retry_limit
                    AND step.retryable
                    AND step.last_attempted_at IS NOT NULL
            ) AS attempted
        FROM tasker_workflow_step_transitions AS latest
        JOIN tasker_workflow_steps AS step
            ON step.workflow_step_id = latest.workflow_step_id
        WHERE latest.most_recent
            AND latest.to_state = 'error'
    ) AS failures
    CROSS JOIN (
        SELECT count(*) AS active
        FROM pg_stat_activity AS backend
        WHERE backend.datname = current_database()
            AND backend.state = 'active'
    ) AS connections;
END
$tasker_core$;

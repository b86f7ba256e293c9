-- Throughput, rates and durations of the tasks made since a moment (the last hour unless given),
-- with counts over the whole database beside them.
CREATE FUNCTION get_analytics_metrics_v01(
    since_timestamp timestamptz DEFAULT NULL
) RETURNS TABLE (
    active_tasks_count      bigint,
    total_namespaces_count  bigint,
    unique_task_types_count bigint,
    system_health_score     numeric,
    task_throughput         bigint,
    completion_count        bigint,
    error_count             bigint,
    completion_rate         numeric,
    error_rate              numeric,
    avg_task_duration       numeric,
    avg_step_duration       numeric,
    step_throughput         bigint,
    analysis_period_start   timestamptz,
    calculated_at           timestamptz
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: analytics metrics, rules v01
#variable_conflict use_column
DECLARE
    period_start CONSTANT timestamptz := coalesce(since_timestamp, now() - interval '1 hour');
BEGIN
    RETURN QUERY
    SELECT
        active.tasks,
        used.namespaces,
        used.names,
        CASE
            WHEN recent.done + recent.failed > 0
            THEN round(recent.done::numeric / (recent.done + recent.failed), 3)
            ELSE 1.0
        END,
        period.tasks,
        period.done,
        period.failed,
        CASE WHEN period.tasks > 0 THEN round(period.done::numeric / period.tasks * 100, 2) ELSE 0.0 END,
        CASE WHEN period.tasks > 0 THEN round(period.failed::numeric / period.tasks * 100, 2) ELSE 0.0 END,
        round(coalesce(period.task_seconds, 0), 3),
        round(coalesce(period.step_seconds, 0), 3),
        period.steps,
        period_start,
        now()
    FROM (
        SELECT count(DISTINCT step.task_id) AS tasks
        FROM tasker_workflow_step_transitions AS latest
        JOIN tasker_workflow_steps AS step
            ON step.workflow_step_id = latest.workflow_step_id
        WHERE latest.most_recent
            AND latest.to_state NOT IN ('complete', 'error', 'skipped', 'resolved_manually')
    ) AS active
    CROSS JOIN (
        SELECT
            count(DISTINCT namespace.name) AS namespaces,
            count(DISTINCT template.name) AS names
        FROM tasker_named_tasks AS template
        JOIN tasker_task_namespaces AS namespace
            ON namespace.task_namespace_id = template.task_namespace_id
        WHERE EXISTS (
            SELECT FROM tasker_tasks AS task
            WHERE task.named_task_id = template.named_task_id
        )
    ) AS used
    CROSS JOIN (
        -- The score always looks at the last hour, whatever the period.
        SELECT
            count(DISTINCT task.task_id) FILTER (WHERE latest.to_state = 'complete') AS done,
            count(DISTINCT task.task_id) FILTER (WHERE latest.to_state = 'error') AS failed
        FROM tasker_tasks AS task
        JOIN tasker_workflow_steps AS step
            ON step.task_id = task.task_id
        JOIN tasker_workflow_step_transitions AS latest
            ON latest.workflow_step_id = step.workflow_step_id
            AND latest.most_recent
        WHERE task.created_at > now() - interval '1 hour'
    ) AS recent
    CROSS JOIN (
        -- A task counts as done with one complete step and as failed with one
        -- failed step, so it can be both. extract() answers double precision
        -- before PostgreSQL 14, hence the casts.
        SELECT
            count(DISTINCT task.task_id) AS tasks,
            count(DISTINCT task.task_id) FILTER (WHERE latest.to_state = 'complete') AS done,
            count(DISTINCT task.task_id) FILTER (WHERE latest.to_state = 'error') AS failed,
            count(step.workflow_step_id) AS steps,
            avg(extract(epoch FROM latest.created_at - task.created_at)::numeric)
                FILTER (WHERE latest.to_state = 'complete') AS task_seconds,
            avg(extract(epoch FROM latest.created_at - step.created_at)::numeric)
                FILTER (WHERE latest.to_state = 'complete') AS step_seconds
        FROM tasker_tasks AS task
        LEFT JOIN tasker_workflow_steps AS step
            ON step.task_id = task.task_id
        LEFT JOIN tasker_workflow_step_transitions AS latest
            ON latest.workflow_step_id = step.workflow_step_id
            AND latest.most_recent
        WHERE task.created_at > period_start
    ) AS period;
END
$tasker_core$;

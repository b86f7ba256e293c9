-- Tasks made since a moment (the last 24 hours unless given) by the time until their last
-- complete or failed step, longest first.
-- The tables keep times without a zone and the answer has one: the session's zone is what they are read in.
CREATE FUNCTION get_slowest_tasks_v01(
    since_timestamp  timestamptz DEFAULT NULL,
    limit_count      integer DEFAULT 10,
    namespace_filter text DEFAULT NULL,
    task_name_filter text DEFAULT NULL,
    version_filter   text DEFAULT NULL
) RETURNS TABLE (
    task_id          bigint,
    task_name        varchar,
    namespace_name   varchar,
    version          varchar,
    duration_seconds numeric,
    step_count       bigint,
    completed_steps  bigint,
    error_steps      bigint,
    created_at       timestamptz,
    completed_at     timestamptz,
    initiator        varchar,
    source_system    varchar
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: slowest tasks, rules v01
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        task.task_id,
        template.name,
        namespace.name,
        template.version,
        round(took.seconds, 3),
        progress.total,
        progress.done,
        progress.failed,
        task.created_at::timestamptz,
        progress.last_end::timestamptz,
        task.initiator,
        task.source_system
    FROM tasker_tasks AS task
    JOIN tasker_named_tasks AS template
        ON template.named_task_id = task.named_task_id
    JOIN tasker_task_namespaces AS namespace
        ON namespace.task_namespace_id = template.task_namespace_id
    CROSS JOIN LATERAL (
        -- The engine counts a step once for each transition in its history (and
        -- once without any). Its numbers are kept, so history is joined.
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE latest.to_state = 'complete') AS done,
            count(*) FILTER (WHERE latest.to_state = 'error') AS failed,
            max(latest.created_at) FILTER (WHERE latest.to_state IN ('complete', 'error')) AS last_end
        FROM tasker_workflow_steps AS step
        LEFT JOIN tasker_workflow_step_transitions AS latest
            ON latest.workflow_step_id = step.workflow_step_id
            AND latest.most_recent
        LEFT JOIN tasker_workflow_step_transitions AS history
            ON history.workflow_step_id = step.workflow_step_id
        WHERE step.task_id = task.task_id
    ) AS progress
    CROSS JOIN LATERAL (
        SELECT extract(epoch FROM progress.last_end - task.created_at)::numeric AS seconds
    ) AS took
    WHERE task.created_at > coalesce(since_timestamp, now() - interval '24 hours')
        AND (namespace_filter IS NULL OR namespace.name = namespace_filter)
        AND (task_name_filter IS NULL OR template.name = task_name_filter)
        AND (version_filter IS NULL OR template.version = version_filter)
        AND progress.last_end IS NOT NULL
    ORDER BY took.seconds DESC, task.task_id
    LIMIT limit_count;
END
$tasker_core$;

-- Complete steps made since a moment (the last 24 hours unless given), longest first.
-- The tables keep times without a zone and the answer has one: the session's zone is what they are read in.
CREATE FUNCTION get_slowest_steps_v01(
    since_timestamp  timestamptz DEFAULT NULL,
    limit_count      integer DEFAULT 10,
    namespace_filter text DEFAULT NULL,
    task_name_filter text DEFAULT NULL,
    version_filter   text DEFAULT NULL
) RETURNS TABLE (
    workflow_step_id bigint,
    task_id          bigint,
    step_name        varchar,
    task_name        varchar,
    namespace_name   varchar,
    version          varchar,
    duration_seconds numeric,
    attempts         integer,
    created_at       timestamptz,
    completed_at     timestamptz,
    retryable        boolean,
    step_status      varchar
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: slowest steps, rules v01
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        step.workflow_step_id,
        step.task_id,
        step_template.name,
        task_template.name,
        namespace.name,
        task_template.version,
        round(took.seconds, 3),
        step.attempts,
        step.created_at::timestamptz,
        latest.created_at::timestamptz,
        step.retryable,
        latest.to_state
    FROM tasker_workflow_steps AS step
    JOIN tasker_workflow_step_transitions AS latest
        ON latest.workflow_step_id = step.workflow_step_id
        AND latest.most_recent
        AND latest.to_state = 'complete'
    JOIN tasker_named_steps AS step_template
        ON step_template.named_step_id = step.named_step_id
    JOIN tasker_tasks AS task
        ON task.task_id = step.task_id
    JOIN tasker_named_tasks AS task_template
        ON task_template.named_task_id = task.named_task_id
    JOIN tasker_task_namespaces AS namespace
        ON namespace.task_namespace_id = task_template.task_namespace_id
    CROSS JOIN LATERAL (
        SELECT extract(epoch FROM latest.created_at - step.created_at)::numeric AS seconds
    ) AS took
    WHERE step.created_at > coalesce(since_timestamp, now() - interval '24 hours')
        AND (namespace_filter IS NULL OR namespace.name = namespace_filter)
        AND (task_name_filter IS NULL OR task_template.name = task_name_filter)
        AND (version_filter IS NULL OR task_template.version = version_filter)
        AND took.seconds > 0
    ORDER BY took.seconds DESC, step.workflow_step_id
    LIMIT limit_count;
END
$tasker_core$;

-- What there is to do for one task: counts of its steps and the advice drawn from them.
-- A task without steps answers with zeros, an unknown task with no row.
CREATE FUNCTION get_task_execution_context(
    input_task_id bigint
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
    SELECT context.*
    FROM get_task_execution_contexts_batch(ARRAY[input_task_id]) AS context;
END
$tasker_core$;

-- Level of each step of a task: the length of the longest path to it from a step without parents.
-- Paths stay inside the task; a step that no root of the task leads to has no level and no row.
CREATE FUNCTION calculate_dependency_levels(
    input_task_id bigint
) RETURNS TABLE (
    workflow_step_id bigint,
    dependency_level integer
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: dependency levels, rules v01
#variable_conflict use_column
DECLARE
    step_count    integer;
    found_ids     bigint[];
    found_levels  integer[];
    highest_level integer;
BEGIN
    SELECT count(*) INTO step_count
    FROM tasker_workflow_steps AS step
    WHERE step.task_id = input_task_id;

    -- UNION keeps one row per step and level, so the work grows with steps
    -- times levels and not with the number of paths.
    WITH RECURSIVE reached (id, level) AS (
        SELECT step.workflow_step_id, 0
        FROM tasker_workflow_steps AS step
        WHERE step.task_id = input_task_id
            AND NOT EXISTS (
                SELECT FROM tasker_workflow_step_edges AS edge
                WHERE edge.to_step_id = step.workflow_step_id
            )
        UNION
        SELECT child.workflow_step_id, reached.level + 1
        FROM reached
        JOIN tasker_workflow_step_edges AS edge
            ON edge.from_step_id = reached.id
        JOIN tasker_workflow_steps AS child
            ON child.workflow_step_id = edge.to_step_id
        WHERE child.task_id = input_task_id
            AND reached.level < step_count
    ),
    longest AS (
        SELECT reached.id, max(reached.level) AS level
        FROM reached
        GROUP BY reached.id
    )
    SELECT array_agg(longest.id), array_agg(longest.level), max(longest.level)
    INTO found_ids, found_levels, highest_level
    FROM longest;

    -- Without a cycle no path is as long as the task has steps.
    IF highest_level >= step_count THEN
        RAISE EXCEPTION 'the steps of task % depend on each other in a cycle', input_task_id
            USING ERRCODE = 'data_exception',
                HINT = 'Remove an edge of the cycle from tasker_workflow_step_edges.';
    END IF;

    RETURN QUERY
    SELECT found.id, found.level
    FROM unnest(found_ids, found_levels) AS found (id, level)
    ORDER BY found.level, found.id;
END
$tasker_core$;

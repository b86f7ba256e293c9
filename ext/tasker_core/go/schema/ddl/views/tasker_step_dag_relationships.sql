-- Place of each step in its graph. Every column is computed per row and only where it is asked for,
-- so a question about one task costs that task, however large the database is.
-- Depth is the shortest way up to a step without parents, NULL where that is farther than 50 edges.
CREATE VIEW tasker_step_dag_relationships AS
SELECT
    step.workflow_step_id,
    step.task_id,
    step.named_step_id,
    (
        SELECT coalesce(jsonb_agg(edge.from_step_id ORDER BY edge.from_step_id), '[]')
        FROM tasker_workflow_step_edges AS edge
        WHERE edge.to_step_id = step.workflow_step_id
    ) AS parent_step_ids,
    (
        SELECT coalesce(jsonb_agg(edge.to_step_id ORDER BY edge.to_step_id), '[]')
        FROM tasker_workflow_step_edges AS edge
        WHERE edge.from_step_id = step.workflow_step_id
    ) AS child_step_ids,
    (
        SELECT count(*)
        FROM tasker_workflow_step_edges AS edge
        WHERE edge.to_step_id = step.workflow_step_id
    ) AS parent_count,
    (
        SELECT count(*)
        FROM tasker_workflow_step_edges AS edge
        WHERE edge.from_step_id = step.workflow_step_id
    ) AS child_count,
    NOT EXISTS (
        SELECT FROM tasker_workflow_step_edges AS edge
        WHERE edge.to_step_id = step.workflow_step_id
    ) AS is_root_step,
    NOT EXISTS (
        SELECT FROM tasker_workflow_step_edges AS edge
        WHERE edge.from_step_id = step.workflow_step_id
    ) AS is_leaf_step,
    (
        WITH RECURSIVE upward (id, depth) AS (
            SELECT step.workflow_step_id, 0
            UNION
            SELECT edge.from_step_id, upward.depth + 1
            FROM upward
            JOIN tasker_workflow_step_edges AS edge
                ON edge.to_step_id = upward.id
            WHERE upward.depth < 50
        )
        SELECT min(upward.depth)
        FROM upward
        WHERE NOT EXISTS (
            SELECT FROM tasker_workflow_step_edges AS edge
            WHERE edge.to_step_id = upward.id
        )
    ) AS min_depth_from_root
FROM tasker_workflow_steps AS step;

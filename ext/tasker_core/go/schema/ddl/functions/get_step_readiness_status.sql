-- Readiness of the steps of one task; step_ids NULL asks for all of them, an empty array for none.
-- Its twin for many tasks, get_step_readiness_status_batch, differs in the WHERE clause alone.
CREATE FUNCTION get_step_readiness_status(
    input_task_id bigint,
    step_ids      bigint[] DEFAULT NULL
) RETURNS TABLE (
    workflow_step_id        bigint,
    task_id                 bigint,
    named_step_id           integer,
    name                    text,
    current_state           text,
    dependencies_satisfied  boolean,
    retry_eligible          boolean,
    ready_for_execution     boolean,
    last_failure_at         timestamp,
    next_retry_at           timestamp,
    total_parents           integer,
    completed_parents       integer,
    attempts                integer,
    retry_limit             integer,
    backoff_request_seconds integer,
    last_attempted_at       timestamp
)
LANGUAGE plpgsql
STABLE
AS $tasker_core$
-- tasker_core: step readiness, rules v02
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        step.workflow_step_id,
        step.task_id,
        step.named_step_id,
        template.name::text,
        facts.state,
        parents.done = parents.total,
        facts.tries < facts.allowed,
        facts.state IN ('pending', 'error')
            AND step.retryable
            AND NOT step.processed
            AND NOT step.in_process
            AND facts.tries < facts.allowed
            AND parents.done = parents.total
            AND coalesce(waits.requested_until <= now(), true)
            AND coalesce(waits.failure_until <= now(), true),
        facts.failed_at,
        coalesce(waits.requested_until, waits.failure_until),
        parents.total,
        parents.done,
        facts.tries,
        facts.allowed,
        step.backoff_request_seconds,
        step.last_attempted_at
    FROM tasker_workflow_steps AS step
    JOIN tasker_named_steps AS template
        ON template.named_step_id = step.named_step_id
    LEFT JOIN tasker_workflow_step_transitions AS latest
        ON latest.workflow_step_id = step.workflow_step_id
        AND latest.most_recent
    CROSS JOIN LATERAL (
        SELECT
            coalesce(latest.to_state, 'pending')::text AS state,
            coalesce(step.attempts, 0) AS tries,
            coalesce(step.retry_limit, 3) AS allowed,
            CASE latest.to_state WHEN 'error' THEN latest.created_at END AS failed_at
    ) AS facts
    CROSS JOIN LATERAL (
        SELECT
            step.last_attempted_at
                + step.backoff_request_seconds * interval '1 second' AS requested_until,
            -- 2 ^ attempts seconds, 30 at most. The exponent is kept within
            -- -30 .. 5 since power() and interval overflow far outside.
            facts.failed_at
                + least(power(2, least(greatest(coalesce(step.attempts, 1), -30), 5)), 30)
                * interval '1 second' AS failure_until
    ) AS waits
    CROSS JOIN LATERAL (
        SELECT
            count(*)::integer AS total,
            (count(*) FILTER (
                WHERE outcome.to_state IN ('complete', 'resolved_manually')
            ))::integer AS done
        FROM tasker_workflow_step_edges AS edge
        LEFT JOIN tasker_workflow_step_transitions AS outcome
            ON outcome.workflow_step_id = edge.from_step_id
            AND outcome.most_recent
        WHERE edge.to_step_id = step.workflow_step_id
    ) AS parents
    WHERE step.task_id = input_task_id
        AND (step_ids IS NULL OR step.workflow_step_id = ANY (step_ids))
    ORDER BY step.workflow_step_id;
END
$tasker_core$;

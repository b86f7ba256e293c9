-- Steps of tasks, the edges between them, and the audit rows of their states.
-- The names of indexes and constraints are those of the engine, so that both recognise each other's databases.

CREATE TABLE tasker_workflow_steps (
    workflow_step_id        bigserial PRIMARY KEY,
    task_id                 bigint NOT NULL,
    named_step_id           integer NOT NULL,
    retryable               boolean NOT NULL DEFAULT true,
    retry_limit             integer DEFAULT 3,
    in_process              boolean NOT NULL DEFAULT false,
    processed               boolean NOT NULL DEFAULT false,
    processed_at            timestamp,
    attempts                integer,
    last_attempted_at       timestamp,
    backoff_request_seconds integer,
    inputs                  jsonb,
    results                 jsonb,
    created_at              timestamp(6) NOT NULL,
    updated_at              timestamp(6) NOT NULL,
    skippable               boolean NOT NULL DEFAULT false,
    CONSTRAINT workflow_steps_named_step_id_foreign
        FOREIGN KEY (named_step_id) REFERENCES tasker_named_steps (named_step_id),
    CONSTRAINT workflow_steps_task_id_foreign
        FOREIGN KEY (task_id) REFERENCES tasker_tasks (task_id)
);

CREATE INDEX idx_steps_active_operations
    ON tasker_workflow_steps (workflow_step_id, task_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_grouping_active
    ON tasker_workflow_steps (task_id, workflow_step_id)
    WHERE processed = false OR processed IS NULL;
CREATE INDEX idx_workflow_steps_task_readiness
    ON tasker_workflow_steps (task_id, processed, workflow_step_id)
    WHERE processed = false;
CREATE INDEX index_workflow_steps_backoff_timing
    ON tasker_workflow_steps (last_attempted_at, backoff_request_seconds)
    WHERE backoff_request_seconds IS NOT NULL;
CREATE INDEX index_workflow_steps_by_task
    ON tasker_workflow_steps (task_id);
CREATE INDEX index_workflow_steps_processing_status
    ON tasker_workflow_steps (task_id, processed, in_process);
CREATE INDEX index_workflow_steps_retry_logic
    ON tasker_workflow_steps (attempts, retry_limit, retryable);
CREATE INDEX index_workflow_steps_retry_status
    ON tasker_workflow_steps (attempts, retry_limit);
CREATE INDEX index_workflow_steps_task_and_id
    ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_id
    ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_and_step_optimized
    ON tasker_workflow_steps (task_id, workflow_step_id);
CREATE INDEX index_workflow_steps_task_covering
    ON tasker_workflow_steps (task_id) INCLUDE (workflow_step_id, processed, in_process, attempts, retry_limit);
CREATE INDEX workflow_steps_last_attempted_at_index
    ON tasker_workflow_steps (last_attempted_at);
CREATE INDEX workflow_steps_named_step_id_index
    ON tasker_workflow_steps (named_step_id);
CREATE INDEX workflow_steps_processed_at_index
    ON tasker_workflow_steps (processed_at);
CREATE INDEX workflow_steps_task_id_index
    ON tasker_workflow_steps (task_id);

CREATE TABLE tasker_workflow_step_edges (
    id           bigserial PRIMARY KEY,
    from_step_id bigint NOT NULL,
    to_step_id   bigint NOT NULL,
    name         varchar NOT NULL,
    created_at   timestamp(6) NOT NULL,
    updated_at   timestamp(6) NOT NULL,
    CONSTRAINT fk_rails_7b4652ccf2
        FOREIGN KEY (from_step_id) REFERENCES tasker_workflow_steps (workflow_step_id),
    CONSTRAINT fk_rails_93ec0bf6eb
        FOREIGN KEY (to_step_id) REFERENCES tasker_workflow_steps (workflow_step_id)
);

CREATE INDEX idx_step_edges_from_to
    ON tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX idx_step_edges_to_from
    ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX idx_workflow_step_edges_dependency_lookup
    ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_step_edges_child_lookup
    ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_step_edges_dependency_pair
    ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_step_edges_from_step_for_children
    ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_from_to_composite
    ON tasker_workflow_step_edges (from_step_id, to_step_id);
CREATE INDEX index_step_edges_parent_lookup
    ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_step_edges_to_from_composite
    ON tasker_workflow_step_edges (to_step_id, from_step_id);
CREATE INDEX index_step_edges_to_step_for_parents
    ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_from_step_id
    ON tasker_workflow_step_edges (from_step_id);
CREATE INDEX index_tasker_workflow_step_edges_on_to_step_id
    ON tasker_workflow_step_edges (to_step_id);
CREATE INDEX index_workflow_step_edges_dependency_lookup
    ON tasker_workflow_step_edges (to_step_id, from_step_id);

CREATE TABLE tasker_workflow_step_transitions (
    id               bigserial PRIMARY KEY,
    to_state         varchar NOT NULL,
    from_state       varchar,
    metadata         jsonb DEFAULT '{}',
    sort_key         integer NOT NULL,
    most_recent      boolean NOT NULL DEFAULT true,
    workflow_step_id bigint NOT NULL,
    created_at       timestamp(6) NOT NULL,
    updated_at       timestamp(6) NOT NULL,
    CONSTRAINT fk_rails_6e0f6eb833
        FOREIGN KEY (workflow_step_id) REFERENCES tasker_workflow_steps (workflow_step_id)
);

CREATE UNIQUE INDEX idx_on_workflow_step_id_most_recent_97d5374ad6
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE UNIQUE INDEX idx_on_workflow_step_id_sort_key_4d476d7adb
    ON tasker_workflow_step_transitions (workflow_step_id, sort_key);
CREATE INDEX idx_step_transitions_current_state
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent, to_state)
    WHERE most_recent = true;
CREATE INDEX idx_step_transitions_most_recent
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_completed
    ON tasker_workflow_step_transitions (workflow_step_id, to_state)
    WHERE to_state = 'complete';
CREATE INDEX index_step_transitions_completed_parents
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    -- Spelled so, and not with IN, the stored definition is the engine's to the letter.
    WHERE to_state::text = ANY (ARRAY['complete'::varchar::text, 'resolved_manually'::varchar::text])
        AND most_recent = true;
CREATE INDEX index_step_transitions_current_errors
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent, created_at)
    WHERE to_state = 'error' AND most_recent = true;
CREATE INDEX index_step_transitions_current_state_optimized
    ON tasker_workflow_step_transitions (workflow_step_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_step_transitions_failures_with_timing
    ON tasker_workflow_step_transitions (workflow_step_id, to_state, created_at)
    WHERE to_state = 'failed';
CREATE INDEX index_step_transitions_for_current_state
    ON tasker_workflow_step_transitions (workflow_step_id, created_at);
CREATE INDEX index_tasker_workflow_step_transitions_on_sort_key
    ON tasker_workflow_step_transitions (sort_key);
CREATE INDEX index_tasker_workflow_step_transitions_on_workflow_step_id
    ON tasker_workflow_step_transitions (workflow_step_id);

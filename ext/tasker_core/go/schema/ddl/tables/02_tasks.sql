-- Tasks, the audit rows of their states, and notes kept about them.
-- The names of indexes and constraints are those of the engine, so that both recognise each other's databases.

CREATE TABLE tasker_tasks (
    task_id       bigserial PRIMARY KEY,
    named_task_id integer NOT NULL,
    complete      boolean NOT NULL DEFAULT false,
    requested_at  timestamp NOT NULL,
    initiator     varchar(128),
    source_system varchar(128),
    reason        varchar(128),
    bypass_steps  json,
    tags          jsonb,
    context       jsonb,
    identity_hash varchar(128) NOT NULL,
    created_at    timestamp(6) NOT NULL,
    updated_at    timestamp(6) NOT NULL,
    CONSTRAINT tasks_named_task_id_foreign
        FOREIGN KEY (named_task_id) REFERENCES tasker_named_tasks (named_task_id)
);

CREATE UNIQUE INDEX index_tasks_on_identity_hash
    ON tasker_tasks (identity_hash);
CREATE INDEX idx_tasks_active_operations
    ON tasker_tasks (task_id)
    WHERE complete = false OR complete IS NULL;
CREATE INDEX idx_tasks_active_workflow_summary
    ON tasker_tasks (task_id, complete)
    WHERE complete = false OR complete IS NULL;
CREATE INDEX idx_tasks_completion_status_created
    ON tasker_tasks (complete, created_at, task_id);
CREATE INDEX tasks_context_idx
    ON tasker_tasks USING gin (context);
CREATE INDEX tasks_context_idx1
    ON tasker_tasks USING gin (context jsonb_path_ops);
CREATE INDEX tasks_identity_hash_index
    ON tasker_tasks (identity_hash);
CREATE INDEX tasks_named_task_id_index
    ON tasker_tasks (named_task_id);
CREATE INDEX tasks_requested_at_index
    ON tasker_tasks (requested_at);
CREATE INDEX tasks_source_system_index
    ON tasker_tasks (source_system);
CREATE INDEX tasks_tags_idx
    ON tasker_tasks USING gin (tags);
CREATE INDEX tasks_tags_idx1
    ON tasker_tasks USING gin (tags jsonb_path_ops);

CREATE TABLE tasker_task_transitions (
    id          bigserial PRIMARY KEY,
    to_state    varchar NOT NULL,
    from_state  varchar,
    metadata    jsonb DEFAULT '{}',
    sort_key    integer NOT NULL,
    most_recent boolean NOT NULL DEFAULT true,
    task_id     bigint NOT NULL,
    created_at  timestamp(6) NOT NULL,
    updated_at  timestamp(6) NOT NULL,
    CONSTRAINT fk_rails_e8caec803c
        FOREIGN KEY (task_id) REFERENCES tasker_tasks (task_id)
);

CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_most_recent
    ON tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE UNIQUE INDEX index_tasker_task_transitions_on_task_id_and_sort_key
    ON tasker_task_transitions (task_id, sort_key);
CREATE INDEX idx_task_transitions_most_recent
    ON tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_task_transitions_current_state
    ON tasker_task_transitions (task_id, created_at);
CREATE INDEX index_task_transitions_current_state_optimized
    ON tasker_task_transitions (task_id, most_recent)
    WHERE most_recent = true;
CREATE INDEX index_tasker_task_transitions_on_sort_key
    ON tasker_task_transitions (sort_key);
CREATE INDEX index_tasker_task_transitions_on_task_id
    ON tasker_task_transitions (task_id);

CREATE TABLE tasker_annotation_types (
    annotation_type_id serial PRIMARY KEY,
    name               varchar(64) NOT NULL,
    description        varchar(255),
    created_at         timestamp(6) NOT NULL,
    updated_at         timestamp(6) NOT NULL
);

CREATE UNIQUE INDEX annotation_types_name_unique
    ON tasker_annotation_types (name);
CREATE INDEX annotation_types_name_index
    ON tasker_annotation_types (name);

CREATE TABLE tasker_task_annotations (
    task_annotation_id bigserial PRIMARY KEY,
    task_id            bigint NOT NULL,
    annotation_type_id integer NOT NULL,
    annotation         jsonb,
    created_at         timestamp(6) NOT NULL,
    updated_at         timestamp(6) NOT NULL,
    CONSTRAINT task_annotations_annotation_type_id_foreign
        FOREIGN KEY (annotation_type_id) REFERENCES tasker_annotation_types (annotation_type_id),
    CONSTRAINT task_annotations_task_id_foreign
        FOREIGN KEY (task_id) REFERENCES tasker_tasks (task_id)
);

CREATE INDEX task_annotations_annotation_idx
    ON tasker_task_annotations USING gin (annotation);
CREATE INDEX task_annotations_annotation_idx1
    ON tasker_task_annotations USING gin (annotation jsonb_path_ops);
CREATE INDEX task_annotations_annotation_type_id_index
    ON tasker_task_annotations (annotation_type_id);
CREATE INDEX task_annotations_task_id_index
    ON tasker_task_annotations (task_id);

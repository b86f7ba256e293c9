-- What can be run: namespaces, task templates, step templates and the systems that steps talk to.
-- The names of indexes and constraints are those of the engine, so that both recognise each other's databases.

CREATE TABLE tasker_task_namespaces (
    task_namespace_id serial PRIMARY KEY,
    name              varchar(64) NOT NULL,
    description       varchar(255),
    created_at        timestamp(6) NOT NULL,
    updated_at        timestamp(6) NOT NULL
);

CREATE UNIQUE INDEX task_namespaces_name_unique
    ON tasker_task_namespaces (name);
CREATE INDEX task_namespaces_name_index
    ON tasker_task_namespaces (name);

CREATE TABLE tasker_named_tasks (
    named_task_id     serial PRIMARY KEY,
    name              varchar(64) NOT NULL,
    description       varchar(255),
    created_at        timestamp(6) NOT NULL,
    updated_at        timestamp(6) NOT NULL,
    task_namespace_id bigint NOT NULL DEFAULT 1,
    version           varchar(16) NOT NULL DEFAULT '0.1.0',
    configuration     jsonb DEFAULT '"{}"',
    CONSTRAINT fk_rails_16a0297759
        FOREIGN KEY (task_namespace_id) REFERENCES tasker_task_namespaces (task_namespace_id)
);

CREATE UNIQUE INDEX named_tasks_namespace_name_version_unique
    ON tasker_named_tasks (task_namespace_id, name, version);
CREATE INDEX named_tasks_configuration_gin_index
    ON tasker_named_tasks USING gin (configuration);
CREATE INDEX named_tasks_name_index
    ON tasker_named_tasks (name);
CREATE INDEX named_tasks_task_namespace_id_index
    ON tasker_named_tasks (task_namespace_id);
CREATE INDEX named_tasks_version_index
    ON tasker_named_tasks (version);

CREATE TABLE tasker_dependent_systems (
    dependent_system_id serial PRIMARY KEY,
    name                varchar(64) NOT NULL,
    description         varchar(255),
    created_at          timestamp(6) NOT NULL,
    updated_at          timestamp(6) NOT NULL
);

CREATE UNIQUE INDEX dependent_systems_name_unique
    ON tasker_dependent_systems (name);
CREATE INDEX dependent_systems_name_index
    ON tasker_dependent_systems (name);

CREATE TABLE tasker_dependent_system_object_maps (
    dependent_system_object_map_id bigserial PRIMARY KEY,
    dependent_system_one_id        integer NOT NULL,
    dependent_system_two_id        integer NOT NULL,
    remote_id_one                  varchar(128) NOT NULL,
    remote_id_two                  varchar(128) NOT NULL,
    created_at                     timestamp(6) NOT NULL,
    updated_at                     timestamp(6) NOT NULL,
    CONSTRAINT dependent_system_object_maps_dependent_system_one_id_foreign
        FOREIGN KEY (dependent_system_one_id) REFERENCES tasker_dependent_systems (dependent_system_id),
    CONSTRAINT dependent_system_object_maps_dependent_system_two_id_foreign
        FOREIGN KEY (dependent_system_two_id) REFERENCES tasker_dependent_systems (dependent_system_id)
);

CREATE UNIQUE INDEX dependent_system_object_maps_dependent_system_one_id_dependent_
    ON tasker_dependent_system_object_maps (dependent_system_one_id, dependent_system_two_id, remote_id_one, remote_id_two);
CREATE INDEX dependent_system_object_maps_dependent_system_one_id_index
    ON tasker_dependent_system_object_maps (dependent_system_one_id);
CREATE INDEX dependent_system_object_maps_dependent_system_two_id_index
    ON tasker_dependent_system_object_maps (dependent_system_two_id);
CREATE INDEX dependent_system_object_maps_remote_id_one_index
    ON tasker_dependent_system_object_maps (remote_id_one);
CREATE INDEX dependent_system_object_maps_remote_id_two_index
    ON tasker_dependent_system_object_maps (remote_id_two);

CREATE TABLE tasker_named_steps (
    named_step_id       serial PRIMARY KEY,
    dependent_system_id integer NOT NULL,
    name                varchar(128) NOT NULL,
    description         varchar(255),
    created_at          timestamp(6) NOT NULL,
    updated_at          timestamp(6) NOT NULL,
    CONSTRAINT named_steps_dependent_system_id_foreign
        FOREIGN KEY (dependent_system_id) REFERENCES tasker_dependent_systems (dependent_system_id)
);

CREATE UNIQUE INDEX named_step_by_system_uniq
    ON tasker_named_steps (dependent_system_id, name);
CREATE INDEX named_steps_dependent_system_id_index
    ON tasker_named_steps (dependent_system_id);
CREATE INDEX named_steps_name_index
    ON tasker_named_steps (name);

CREATE TABLE tasker_named_tasks_named_steps (
    id                  serial PRIMARY KEY,
    named_task_id       integer NOT NULL,
    named_step_id       integer NOT NULL,
    skippable           boolean NOT NULL DEFAULT false,
    default_retryable   boolean NOT NULL DEFAULT true,
    default_retry_limit integer NOT NULL DEFAULT 3,
    created_at          timestamp(6) NOT NULL,
    updated_at          timestamp(6) NOT NULL,
    CONSTRAINT named_tasks_named_steps_named_step_id_foreign
        FOREIGN KEY (named_step_id) REFERENCES tasker_named_steps (named_step_id),
    CONSTRAINT named_tasks_named_steps_named_task_id_foreign
        FOREIGN KEY (named_task_id) REFERENCES tasker_named_tasks (named_task_id)
);

CREATE UNIQUE INDEX named_tasks_steps_ids_unique
    ON tasker_named_tasks_named_steps (named_task_id, named_step_id);
CREATE INDEX named_tasks_named_steps_named_step_id_index
    ON tasker_named_tasks_named_steps (named_step_id);
CREATE INDEX named_tasks_named_steps_named_task_id_index
    ON tasker_named_tasks_named_steps (named_task_id);

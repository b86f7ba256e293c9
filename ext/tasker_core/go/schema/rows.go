package schema

import "encoding/json"

// Micros is a moment: microseconds since 1970-01-01 00:00 of the zone in which the
// application keeps its times, which is UTC unless Active Record is told otherwise.
type Micros int64

// Row is a row of one of the engine's tables. In the types below a nullable column is a
// pointer, json and jsonb are the bytes as stored, with nil for NULL, and the db tag is the
// column's name.
type Row interface {
	// Table is the name of the table.
	Table() string
}

// TaskNamespace groups task templates.
type TaskNamespace struct {
	TaskNamespaceID int32   `db:"task_namespace_id"`
	Name            string  `db:"name"`
	Description     *string `db:"description"`
	CreatedAt       Micros  `db:"created_at"`
	UpdatedAt       Micros  `db:"updated_at"`
}

// NamedTask is a task template: a name and version within a namespace.
type NamedTask struct {
	NamedTaskID     int32           `db:"named_task_id"`
	Name            string          `db:"name"`
	Description     *string         `db:"description"`
	CreatedAt       Micros          `db:"created_at"`
	UpdatedAt       Micros          `db:"updated_at"`
	TaskNamespaceID int64           `db:"task_namespace_id"`
	Version         string          `db:"version"`
	Configuration   json.RawMessage `db:"configuration"`
}

// DependentSystem is a system that steps talk to.
type DependentSystem struct {
	DependentSystemID int32   `db:"dependent_system_id"`
	Name              string  `db:"name"`
	Description       *string `db:"description"`
	CreatedAt         Micros  `db:"created_at"`
	UpdatedAt         Micros  `db:"updated_at"`
}

// DependentSystemObjectMap says that an object of one system is an object of another.
type DependentSystemObjectMap struct {
	DependentSystemObjectMapID int64  `db:"dependent_system_object_map_id"`
	DependentSystemOneID       int32  `db:"dependent_system_one_id"`
	DependentSystemTwoID       int32  `db:"dependent_system_two_id"`
	RemoteIDOne                string `db:"remote_id_one"`
	RemoteIDTwo                string `db:"remote_id_two"`
	CreatedAt                  Micros `db:"created_at"`
	UpdatedAt                  Micros `db:"updated_at"`
}

// NamedStep is a step template.
type NamedStep struct {
	NamedStepID       int32   `db:"named_step_id"`
	DependentSystemID int32   `db:"dependent_system_id"`
	Name              string  `db:"name"`
	Description       *string `db:"description"`
	CreatedAt         Micros  `db:"created_at"`
	UpdatedAt         Micros  `db:"updated_at"`
}

// NamedTaskNamedStep puts a step template into a task template.
type NamedTaskNamedStep struct {
	ID                int32  `db:"id"`
	NamedTaskID       int32  `db:"named_task_id"`
	NamedStepID       int32  `db:"named_step_id"`
	Skippable         bool   `db:"skippable"`
	DefaultRetryable  bool   `db:"default_retryable"`
	DefaultRetryLimit int32  `db:"default_retry_limit"`
	CreatedAt         Micros `db:"created_at"`
	UpdatedAt         Micros `db:"updated_at"`
}

// Task is one run of a task template.
type Task struct {
	TaskID       int64           `db:"task_id"`
	NamedTaskID  int32           `db:"named_task_id"`
	Complete     bool            `db:"complete"`
	RequestedAt  Micros          `db:"requested_at"`
	Initiator    *string         `db:"initiator"`
	SourceSystem *string         `db:"source_system"`
	Reason       *string         `db:"reason"`
	BypassSteps  json.RawMessage `db:"bypass_steps"`
	Tags         json.RawMessage `db:"tags"`
	Context      json.RawMessage `db:"context"`
	IdentityHash string          `db:"identity_hash"`
	CreatedAt    Micros          `db:"created_at"`
	UpdatedAt    Micros          `db:"updated_at"`
}

// TaskTransition is an audit row: a state that a task entered.
type TaskTransition struct {
	ID         int64           `db:"id"`
	ToState    string          `db:"to_state"`
	FromState  *string         `db:"from_state"`
	Metadata   json.RawMessage `db:"metadata"`
	SortKey    int32           `db:"sort_key"`
	MostRecent bool            `db:"most_recent"`
	TaskID     int64           `db:"task_id"`
	CreatedAt  Micros          `db:"created_at"`
	UpdatedAt  Micros          `db:"updated_at"`
}

// AnnotationType names a sort of annotation.
type AnnotationType struct {
	AnnotationTypeID int32   `db:"annotation_type_id"`
	Name             string  `db:"name"`
	Description      *string `db:"description"`
	CreatedAt        Micros  `db:"created_at"`
	UpdatedAt        Micros  `db:"updated_at"`
}

// TaskAnnotation is a note kept about a task.
type TaskAnnotation struct {
	TaskAnnotationID int64           `db:"task_annotation_id"`
	TaskID           int64           `db:"task_id"`
	AnnotationTypeID int32           `db:"annotation_type_id"`
	Annotation       json.RawMessage `db:"annotation"`
	CreatedAt        Micros          `db:"created_at"`
	UpdatedAt        Micros          `db:"updated_at"`
}

// WorkflowStep is one step of a task.
type WorkflowStep struct {
	WorkflowStepID        int64           `db:"workflow_step_id"`
	TaskID                int64           `db:"task_id"`
	NamedStepID           int32           `db:"named_step_id"`
	Retryable             bool            `db:"retryable"`
	RetryLimit            *int32          `db:"retry_limit"`
	InProcess             bool            `db:"in_process"`
	Processed             bool            `db:"processed"`
	ProcessedAt           *Micros         `db:"processed_at"`
	Attempts              *int32          `db:"attempts"`
	LastAttemptedAt       *Micros         `db:"last_attempted_at"`
	BackoffRequestSeconds *int32          `db:"backoff_request_seconds"`
	Inputs                json.RawMessage `db:"inputs"`
	Results               json.RawMessage `db:"results"`
	CreatedAt             Micros          `db:"created_at"`
	UpdatedAt             Micros          `db:"updated_at"`
	Skippable             bool            `db:"skippable"`
}

// WorkflowStepEdge makes one step wait for another: the step from before the step to.
type WorkflowStepEdge struct {
	ID         int64  `db:"id"`
	FromStepID int64  `db:"from_step_id"`
	ToStepID   int64  `db:"to_step_id"`
	Name       string `db:"name"`
	CreatedAt  Micros `db:"created_at"`
	UpdatedAt  Micros `db:"updated_at"`
}

// WorkflowStepTransition is an audit row: a state that a step entered.
type WorkflowStepTransition struct {
	ID             int64           `db:"id"`
	ToState        string          `db:"to_state"`
	FromState      *string         `db:"from_state"`
	Metadata       json.RawMessage `db:"metadata"`
	SortKey        int32           `db:"sort_key"`
	MostRecent     bool            `db:"most_recent"`
	WorkflowStepID int64           `db:"workflow_step_id"`
	CreatedAt      Micros          `db:"created_at"`
	UpdatedAt      Micros          `db:"updated_at"`
}

// Table is "tasker_task_namespaces".
func (TaskNamespace) Table() string { return "tasker_task_namespaces" }

// Table is "tasker_named_tasks".
func (NamedTask) Table() string { return "tasker_named_tasks" }

// Table is "tasker_dependent_systems".
func (DependentSystem) Table() string { return "tasker_dependent_systems" }

// Table is "tasker_dependent_system_object_maps".
func (DependentSystemObjectMap) Table() string { return "tasker_dependent_system_object_maps" }

// Table is "tasker_named_steps".
func (NamedStep) Table() string { return "tasker_named_steps" }

// Table is "tasker_named_tasks_named_steps".
func (NamedTaskNamedStep) Table() string { return "tasker_named_tasks_named_steps" }

// Table is "tasker_tasks".
func (Task) Table() string { return "tasker_tasks" }

// Table is "tasker_task_transitions".
func (TaskTransition) Table() string { return "tasker_task_transitions" }

// Table is "tasker_annotation_types".
func (AnnotationType) Table() string { return "tasker_annotation_types" }

// Table is "tasker_task_annotations".
func (TaskAnnotation) Table() string { return "tasker_task_annotations" }

// Table is "tasker_workflow_steps".
func (WorkflowStep) Table() string { return "tasker_workflow_steps" }

// Table is "tasker_workflow_step_edges".
func (WorkflowStepEdge) Table() string { return "tasker_workflow_step_edges" }

// Table is "tasker_workflow_step_transitions".
func (WorkflowStepTransition) Table() string { return "tasker_workflow_step_transitions" }

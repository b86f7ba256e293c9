package readiness

import "github.com/jcoletaylor/tasker_core/go/lifecycle"

// The values of execution_status.
const (
	HasReadySteps          = "has_ready_steps"
	Processing             = "processing"
	BlockedByFailures      = "blocked_by_failures"
	AllComplete            = "all_complete"
	WaitingForDependencies = "waiting_for_dependencies"
)

// The values of recommended_action, one for each execution_status.
const (
	ExecuteReadySteps   = "execute_ready_steps"
	WaitForCompletion   = "wait_for_completion"
	HandleFailures      = "handle_failures"
	FinalizeTask        = "finalize_task"
	WaitForDependencies = "wait_for_dependencies"
)

// The values of health_status. The SQL has "unknown" as well, which no counts can
// reach.
const (
	Healthy    = "healthy"
	Recovering = "recovering"
	Blocked    = "blocked"
)

// TaskInput is what must be known of a task beside its steps.
type TaskInput struct {
	TaskID      int64
	NamedTaskID int32
	State       Null[string] // to_state of the most recent transition; NULL without one
}

// Context is a row of get_task_execution_context; the fields are its columns, in
// its order. A task without steps has one, an unknown task has none.
//
// The batch function answers a task as often as its id stands in the argument,
// by task id; ids that are NULL or unknown get no row.
type Context struct {
	TaskID               int64
	NamedTaskID          int32
	Status               string
	TotalSteps           int64
	PendingSteps         int64
	InProgressSteps      int64
	CompletedSteps       int64
	FailedSteps          int64
	ReadySteps           int64
	ExecutionStatus      string
	RecommendedAction    string
	CompletionPercentage string // a decimal as PostgreSQL prints it, see Percentage
	HealthStatus         string
}

// ContextColumns are the names of the columns of get_task_execution_context, in
// the order of the fields of Context.
var ContextColumns = [...]string{
	"task_id", "named_task_id", "status", "total_steps", "pending_steps",
	"in_progress_steps", "completed_steps", "failed_steps", "ready_steps",
	"execution_status", "recommended_action", "completion_percentage", "health_status",
}

// Tally counts the steps of one task. The zero value has none.
type Tally struct {
	Total              int64
	Pending            int64
	InProgress         int64
	Completed          int64 // complete or resolved_manually
	Failed             int64
	Ready              int64
	PermanentlyBlocked int64 // failed without attempts left
}

// Add counts one step.
func (t *Tally) Add(row *Status) {
	t.Total++
	switch row.CurrentState {
	case lifecycle.Pending:
		t.Pending++
	case lifecycle.InProgress:
		t.InProgress++
	case lifecycle.Complete, lifecycle.ResolvedManually:
		t.Completed++
	case lifecycle.Error:
		t.Failed++
		if row.Attempts.Valid && row.Attempts.Value >= row.RetryLimit {
			t.PermanentlyBlocked++
		}
	}
	if row.ReadyForExecution {
		t.Ready++
	}
}

// Context gives the row for a task with these steps.
func (t *Tally) Context(task TaskInput) Context {
	status, action := t.execution()
	return Context{
		TaskID:               task.TaskID,
		NamedTaskID:          task.NamedTaskID,
		Status:               task.State.Or(lifecycle.Pending),
		TotalSteps:           t.Total,
		PendingSteps:         t.Pending,
		InProgressSteps:      t.InProgress,
		CompletedSteps:       t.Completed,
		FailedSteps:          t.Failed,
		ReadySteps:           t.Ready,
		ExecutionStatus:      status,
		RecommendedAction:    action,
		CompletionPercentage: Percentage(t.Completed, t.Total),
		HealthStatus:         t.health(),
	}
}

func (t *Tally) execution() (status, action string) {
	switch {
	case t.Ready > 0:
		return HasReadySteps, ExecuteReadySteps
	case t.InProgress > 0:
		return Processing, WaitForCompletion
	case t.PermanentlyBlocked > 0:
		return BlockedByFailures, HandleFailures
	case t.Completed == t.Total && t.Total > 0:
		return AllComplete, FinalizeTask
	}
	return WaitingForDependencies, WaitForDependencies
}

func (t *Tally) health() string {
	switch {
	case t.Failed == 0:
		return Healthy
	case t.Ready > 0:
		return Recovering
	case t.PermanentlyBlocked > 0:
		return Blocked
	}
	return Recovering
}

package readiness

import "fmt"

// Version is a version of the engine's readiness functions.
type Version uint8

// The versions that live in databases.
const (
	V01 Version = 1
	V02 Version = 2
)

// String gives "v01" or "v02".
func (v Version) String() string { return fmt.Sprintf("v%02d", uint8(v)) }

// Null is a value that may be missing. It is a value and not a pointer, so that a step can be read
// and evaluated without allocating.
type Null[T any] struct {
	Value T
	Valid bool // false for NULL; Value is then the zero value
}

// Some makes a value that is not missing.
func Some[T any](value T) Null[T] { return Null[T]{Value: value, Valid: true} }

// Or gives the value, or other where it is missing: COALESCE.
func (n Null[T]) Or(other T) T {
	if n.Valid {
		return n.Value
	}
	return other
}

// StepInput is what must be known of a step to judge it.
type StepInput struct {
	WorkflowStepID        int64
	TaskID                int64
	NamedStepID           int32
	Name                  string       // of the named step
	State                 Null[string] // to_state of the most recent transition; NULL without one
	StateCreatedAt        Null[int64]  // created_at of that transition, microseconds
	Attempts              Null[int32]
	RetryLimit            Null[int32]
	Retryable             Null[bool]
	InProcess             Null[bool]
	Processed             Null[bool]
	BackoffRequestSeconds Null[int32]
	LastAttemptedAt       Null[int64] // microseconds
	TotalParents          int32       // edges that lead to the step, duplicates counted
	CompletedParents      int32       // those of them from a complete or resolved_manually step
}

// Status is a row of get_step_readiness_status; the fields are its columns, in
// its order.
type Status struct {
	WorkflowStepID        int64
	TaskID                int64
	NamedStepID           int32
	Name                  string
	CurrentState          string
	DependenciesSatisfied bool
	RetryEligible         bool
	ReadyForExecution     bool
	LastFailureAt         Null[int64] // microseconds
	NextRetryAt           Null[int64] // microseconds
	TotalParents          int32
	CompletedParents      int32
	Attempts              Null[int32] // never NULL in V02
	RetryLimit            int32
	BackoffRequestSeconds Null[int32]
	LastAttemptedAt       Null[int64] // microseconds
}

// StatusColumns are the names of the columns of get_step_readiness_status, in
// the order of the fields of Status.
var StatusColumns = [...]string{
	"workflow_step_id", "task_id", "named_step_id", "name", "current_state",
	"dependencies_satisfied", "retry_eligible", "ready_for_execution",
	"last_failure_at", "next_retry_at", "total_parents", "completed_parents",
	"attempts", "retry_limit", "backoff_request_seconds", "last_attempted_at",
}

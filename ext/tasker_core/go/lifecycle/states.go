package lifecycle

import "strings"

// The states of both machines, as written to to_state of the transition tables
// (Constants::WorkflowStepStatuses and Constants::TaskStatuses of the engine).
const (
	Pending          = "pending"
	InProgress       = "in_progress"
	Complete         = "complete"
	Error            = "error"
	Cancelled        = "cancelled"
	ResolvedManually = "resolved_manually"
)

// SortKeyIncrement is the distance between the sort_keys of consecutive audit
// rows of one task or step; the first row has this sort_key.
const SortKeyIncrement = 10

// Satisfied reports whether a step in this state is done for those that wait for
// it: for its children's guard, for readiness, and for the completion of its
// task.
func Satisfied(state string) bool {
	return state == Complete || state == ResolvedManually
}

// Machine is one of the engine's two state machines.
type Machine uint8

// The two machines.
const (
	Step Machine = iota // StepStateMachine
	Task                // TaskStateMachine
)

// String names the machine as messages do: "step" or "task".
func (m Machine) String() string {
	if m == Task {
		return "task"
	}
	return "step"
}

// CurrentState gives the current state from to_state of the most recent audit
// row. Without a row it is pending. A blank to_state counts as pending for a
// step and stays as it is for a task, as in current_state of the engine's
// machines.
func (m Machine) CurrentState(toState string, hasRow bool) string {
	if !hasRow || (m == Step && strings.TrimSpace(toState) == "") {
		return Pending
	}
	return toState
}

// States gives all states of the machine.
func (m Machine) States() []string {
	return []string{Pending, InProgress, Complete, Error, Cancelled, ResolvedManually}
}

// IsState reports whether the machine has such a state.
func (m Machine) IsState(name string) bool {
	switch name {
	case Pending, InProgress, Complete, Error, Cancelled, ResolvedManually:
		return true
	}
	return false
}

package lifecycle

import "strconv"

// Code is the result of a requested transition. The words are the same in Go, in Ruby and on the
// wire.
type Code string

// The codes.
const (
	// Allowed: the transition may be written.
	Allowed Code = "allowed"
	// GuardFailed: a successor, but the guard says no
	// (Statesman::GuardFailedError).
	GuardFailed Code = "guard_failed"
	// TransitionFailed: not a successor of the current state
	// (Statesman::TransitionFailedError).
	TransitionFailed Code = "transition_failed"
	// InvalidState: the machine has no such target. Statesman raises
	// TransitionFailedError here too, with the same message.
	InvalidState Code = "invalid_state"
	// Conflict: another process wrote a transition in between
	// (Statesman::TransitionConflictError). Only the database can give it.
	Conflict Code = "conflict"
)

// Decision is the answer to a requested transition.
type Decision struct {
	Machine Machine
	From    string // the current state
	To      string // the target
	Code    Code
	// Message is empty when allowed, otherwise the text of the error that the engine raises for
	// transition_to!.
	Message string
	// BeforeEvent is published before the audit row is written:
	// task.before_transition for tasks, nothing for steps. Empty unless allowed.
	BeforeEvent string
	// Event is published after the audit row is written, as the engine does,
	// which does not know where the transition came from. Empty unless allowed.
	Event string
	// PairEvent is what the engine's map has for From and To; it differs from
	// Event for error -> pending alone. Empty unless allowed.
	PairEvent string
}

// Allowed reports whether the transition may be written: what the engine's
// can_transition_to? answers.
func (d Decision) Allowed() bool { return d.Code == Allowed }

// Decide tells whether a task or step in the state current (see Machine.CurrentState) may go to the
// state to. guardSatisfied is the answer to the condition of Machine.GuardFor; it does not matter
// if there is no guard.
func Decide(machine Machine, current, to string, guardSatisfied bool) Decision {
	d := Decision{Machine: machine, From: current, To: to, Code: judge(machine, current, to, guardSatisfied)}
	switch d.Code {
	case Allowed:
		d.BeforeEvent = machine.BeforeEvent()
		d.Event = machine.PublishedEvent(to)
		d.PairEvent = machine.Event(current, to)
	case GuardFailed:
		d.Message = guardMessage(to)
	default:
		d.Message = transitionMessage(current, to)
	}
	return d
}

func judge(machine Machine, current, to string, guardSatisfied bool) Code {
	switch {
	case !machine.IsState(to):
		return InvalidState
	case !machine.allows(current, to):
		return TransitionFailed
	case machine.GuardFor(to) != NoGuard && !guardSatisfied:
		return GuardFailed
	}
	return Allowed
}

// Lost turns a decision that was allowed for the task or step with this id into
// the conflict that the database reported when it was to be written.
func (d Decision) Lost(id int64) Decision {
	return Decision{Machine: d.Machine, From: d.From, To: d.To, Code: Conflict,
		Message: "Another process changed the state of " + d.Machine.String() + " " + strconv.FormatInt(id, 10) +
			" while it went from '" + d.From + "' to '" + d.To + "'; nothing was written: read its state again and decide again"}
}

// transitionMessage is Statesman's for a target that is not a successor.
func transitionMessage(from, to string) string {
	return "Cannot transition from '" + from + "' to '" + to + "'"
}

// guardMessage is Statesman's for a guard declared with a target only: it shows
// what the guard was declared with, not where the object is.
func guardMessage(to string) string {
	return "Guard on transition from: '' to '[\"" + to + "\"]' returned false"
}

// Package lifecycle holds the engine's two state machines, of tasks and of steps, as
// tables: the states, the allowed transitions, the targets with a guard, the event of
// each transition, and the wording of a refusal.
//
// # Who decides what
//
// Decide is a pure function of the current state, the target, and whether the
// guard is satisfied. It looks at nothing else and changes nothing. The caller
// reads the state and the guard's condition in the database, writes the audit
// row there, and learns there whether another process was faster: that last
// outcome, Conflict, is one of the codes here, but only the database can give
// it.
//
// As in Statesman, the successors are checked before the guard, so a transition to the
// current state is Code TransitionFailed, whatever the guard would decide.
//
// # Guards
//
// A step may become in_progress when each of its parents is complete or
// resolved_manually; a task may become complete when each of its steps is. A
// step without parents and a task without steps satisfy them. The engine lets a
// step through when its check raises; here the caller must not: without an
// answer, guardSatisfied is false.
//
// # Events
//
// The engine's maps (StepStateMachine::TRANSITION_EVENT_MAP and
// Constants::TASK_TRANSITION_EVENT_MAP) have an event for each pair of states.
// But the audit rows that the engine writes have no from_state, so it always
// publishes the entry for "from nothing": error -> pending is published
// as initialize_requested, and retry_requested never fires. Decision.Event is
// what the engine publishes, Decision.PairEvent what its map has for the pair.
package lifecycle

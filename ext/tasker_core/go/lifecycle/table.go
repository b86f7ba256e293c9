package lifecycle

import "slices"

// stepSuccessors and taskSuccessors say which states may follow which, in the
// order in which the engine's machines declare them.
var (
	stepSuccessors = map[string][]string{
		Pending:    {InProgress, Error, Cancelled, ResolvedManually},
		InProgress: {Complete, Error, Cancelled},
		Error:      {Pending, ResolvedManually},
	}
	taskSuccessors = map[string][]string{
		Pending:          {InProgress, Cancelled, Error},
		InProgress:       {Complete, Error, Cancelled, Pending},
		Error:            {Pending, ResolvedManually},
		Complete:         {Cancelled},
		ResolvedManually: {Cancelled},
	}
)

func (m Machine) successors() map[string][]string {
	if m == Task {
		return taskSuccessors
	}
	return stepSuccessors
}

// Sources gives the states from which the target may be reached, guards aside:
// what a statement that transitions many rows at once asks for.
func (m Machine) Sources(target string) []string {
	var sources []string
	for _, state := range m.States() {
		if m.allows(state, target) {
			sources = append(sources, state)
		}
	}
	return sources
}

func (m Machine) allows(from, to string) bool {
	return slices.Contains(m.successors()[from], to)
}

// Guard is the condition that a target state asks for.
type Guard uint8

// The guards of the two machines.
const (
	// NoGuard: the successors alone decide.
	NoGuard Guard = iota
	// ParentsSatisfied: each parent of the step is Satisfied
	// (StepStateMachine.step_dependencies_met?).
	ParentsSatisfied
	// StepsSatisfied: each step of the task is Satisfied
	// (Task#all_steps_complete?).
	StepsSatisfied
)

// GuardFor gives the guard of a target state.
func (m Machine) GuardFor(target string) Guard {
	switch {
	case m == Step && target == InProgress:
		return ParentsSatisfied
	case m == Task && target == Complete:
		return StepsSatisfied
	}
	return NoGuard
}

package orchestration

import (
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// Token gives the claim that this session holds on a step.
func (s *Session) Token(id int64) (int64, bool) {
	token, held := s.tokens[id]
	return token, held
}

// Claimed notes that a step is this run's now; token is the id of the audit row.
func (s *Session) Claimed(id, token int64) error {
	node, err := s.node(id)
	if err != nil {
		return err
	}
	s.tokens[id] = token
	s.setState(node, lifecycle.InProgress, 0)
	return nil
}

// Retried notes that a failed step went back to pending.
func (s *Session) Retried(id int64) error {
	node, err := s.node(id)
	if err == nil {
		s.setState(node, lifecycle.Pending, 0)
	}
	return err
}

// ClaimRefused notes that a step could not be claimed. A claim that the session has
// on it stays: another thread of the run may be the one that was faster.
func (s *Session) ClaimRefused() {
	s.noted++
	s.MarkStale()
}

// Refused notes that the database did not allow what the snapshot promised, and that
// a claim on the step is lost.
func (s *Session) Refused(id int64) {
	delete(s.tokens, id)
	s.ClaimRefused()
}

// RolledBack records that a change of a step, which the session knows, was rolled back. token is
// the claim that still holds, 0 for none.
func (s *Session) RolledBack(id, token int64) {
	s.Refused(id)
	if token != 0 {
		s.tokens[id] = token
	}
}

// Outcome is the outcome of a step that ran: its columns as they were written.
type Outcome struct {
	State                 string // complete or error
	At                    int64  // micros
	Version               int64
	Attempts              readiness.Null[int32]
	RetryLimit            readiness.Null[int32]
	Retryable             bool
	InProcess             bool
	Processed             bool
	BackoffRequestSeconds readiness.Null[int32]
	LastAttemptedAt       readiness.Null[int64]
}

// Finished notes the outcome of a step and frees those that waited for it.
func (s *Session) Finished(id int64, outcome Outcome) error {
	node, err := s.node(id)
	if err != nil {
		return err
	}
	delete(s.tokens, id)
	step := &s.steps[node]
	step.Attempts, step.RetryLimit = outcome.Attempts, outcome.RetryLimit
	step.Retryable, step.InProcess, step.Processed = readiness.Some(outcome.Retryable), readiness.Some(outcome.InProcess), readiness.Some(outcome.Processed)
	step.BackoffRequestSeconds, step.LastAttemptedAt = outcome.BackoffRequestSeconds, outcome.LastAttemptedAt
	s.versions[node] = outcome.Version
	s.setState(node, outcome.State, outcome.At)
	return nil
}

// Ended notes the state of a step of which nothing else is known: its columns are for
// the strict read that is due then.
func (s *Session) Ended(id int64, state string, at int64) error {
	node, err := s.node(id)
	if err != nil {
		return err
	}
	delete(s.tokens, id)
	s.setState(node, state, at)
	s.MarkStale()
	return nil
}

func (s *Session) setState(node int32, state string, at int64) {
	s.noted++
	step := &s.steps[node]
	switch step.State.Or(lifecycle.Pending) {
	case lifecycle.Error:
		s.failed--
	case lifecycle.InProgress:
		s.running--
	}
	step.State, step.StateCreatedAt = readiness.Some(state), readiness.Some(at)
	switch {
	case state == lifecycle.Error:
		s.failed++
	case state == lifecycle.InProgress:
		s.running++
	case lifecycle.Satisfied(state):
		s.open = slices.DeleteFunc(s.open, func(open int32) bool { return open == node })
		s.open = s.counters.Complete(node, s.open)
	}
}

package orchestration

import (
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// Follow gives the step that can be claimed together with the completion of the step
// id, which is in progress; 0 for none. It is the only one that becomes ready then, it
// was in no state before, and it has another attempt after this one, because such a
// claim cannot be given back. At the time now (micros) nothing else of the task can run
// or is running, and the snapshot was not found wrong.
func (s *Session) Follow(id, now int64) int64 {
	node, err := s.node(id)
	if err != nil || s.stale || s.closed() || s.running != 1 || s.steps[node].State.Value != lifecycle.InProgress || s.anyReady(now) {
		return 0
	}
	freed := s.freedBy(node, now)
	if len(freed) != 1 || !s.claimable(freed[0]) {
		return 0
	}
	return s.steps[freed[0]].WorkflowStepID
}

// freedBy gives the steps that become ready when a step is complete.
func (s *Session) freedBy(node int32, now int64) []int32 {
	var freed []int32
	children := s.graph.Children(node)
	for len(children) > 0 {
		child, edges := children[0], 1
		for edges < len(children) && children[edges] == child {
			edges++
		}
		children = children[edges:]
		if !s.graph.IsForeign(child) && s.counters.Remaining(child) == edges && s.readyWithoutParents(child, now) {
			freed = append(freed, child)
		}
	}
	return freed
}

func (s *Session) anyReady(now int64) bool {
	var row readiness.Status
	for _, node := range s.open {
		if readiness.Evaluate(s.rules, now, s.input(node), &row); row.ReadyForExecution {
			return true
		}
	}
	return false
}

// readyWithoutParents tells whether a step could run if nothing held it back.
func (s *Session) readyWithoutParents(node int32, now int64) bool {
	var row readiness.Status
	step := *s.input(node)
	step.CompletedParents = step.TotalParents
	readiness.Evaluate(s.rules, now, &step, &row)
	return row.ReadyForExecution
}

// claimable tells what a claim with a completion asks for beside readiness; see
// finish_and_claim.sql.
func (s *Session) claimable(node int32) bool {
	step := &s.steps[node]
	return !step.State.Valid && step.Attempts.Or(0)+1 < step.RetryLimit.Or(readiness.DefaultRetryLimit)
}

package orchestration

import (
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// TaskSnapshot is a task as a strict read saw it: rows, row versions and edges of one moment.
type TaskSnapshot struct {
	Task readiness.TaskInput
	// TaskVersion is the version of the task's row.
	TaskVersion int64
	// Steps are the task's steps in ascending order of id.
	Steps []readiness.StepInput
	// Versions are the steps' row versions; every change of a row changes its version.
	Versions []int64
	// Edges lead into the steps; parents may lie in other tasks.
	Edges []dag.Edge
	// SatisfiedOutside are those parents in other tasks that are satisfied.
	SatisfiedOutside []int64
}

// Session is one run's snapshot of its task. It is not safe for concurrent use.
type Session struct {
	rules    readiness.Version
	final    bool
	task     readiness.TaskInput
	steps    []readiness.StepInput
	versions []int64
	tokens   map[int64]int64
	graph    *dag.Graph
	counters *dag.Counters
	// open are the steps that wait for no parent and are not satisfied.
	open    []int32
	failed  int
	running int
	stale   bool
	// noted counts what the session has recorded since it was created.
	noted int
}

// Options are a session's rules.
type Options struct {
	// Rules are the database's rules of readiness.
	Rules readiness.Version
	// FinalWhenNotRetryable counts a failed step that must not be retried as
	// blocked, whatever attempts it has left. The engine's functions do not.
	FinalWhenNotRetryable bool
}

// New makes a session from a strict read. A cycle is a *dag.CycleError.
func New(options Options, snapshot TaskSnapshot) (*Session, error) {
	s := &Session{rules: options.Rules, final: options.FinalWhenNotRetryable, tokens: make(map[int64]int64)}
	return s, s.show(snapshot)
}

func (s *Session) show(snapshot TaskSnapshot) error {
	ids := make([]int64, len(snapshot.Steps))
	for i := range snapshot.Steps {
		ids[i] = snapshot.Steps[i].WorkflowStepID
	}
	graph, err := dag.Compile(ids, snapshot.Edges)
	if err != nil {
		return err
	}
	if cycle := graph.Cycle(); cycle != nil {
		return cycle
	}
	satisfied := make([]bool, graph.NodeCount())
	failed, running := 0, 0
	for i := range snapshot.Steps {
		state := snapshot.Steps[i].State.Or(lifecycle.Pending)
		satisfied[i] = lifecycle.Satisfied(state)
		switch state {
		case lifecycle.Error:
			failed++
		case lifecycle.InProgress:
			running++
		}
	}
	for _, id := range snapshot.SatisfiedOutside {
		if node, found := graph.Index(id); found {
			satisfied[node] = true
		}
	}
	counters, err := dag.NewCounters(graph, satisfied)
	if err != nil {
		return err
	}
	s.task, s.steps, s.versions = snapshot.Task, snapshot.Steps, snapshot.Versions
	s.graph, s.counters, s.failed, s.running, s.stale = graph, counters, failed, running, false
	s.open = counters.AppendFree(nil)
	return nil
}

// Refresh takes a newer strict read and gives the ids of the steps whose row or
// state is not what the session knew, or that it did not know at all.
func (s *Session) Refresh(snapshot TaskSnapshot) ([]int64, error) {
	before := make(map[int64]int, len(s.steps))
	for i := range s.steps {
		before[s.steps[i].WorkflowStepID] = i
	}
	changed := []int64{}
	for i := range snapshot.Steps {
		id := snapshot.Steps[i].WorkflowStepID
		at, known := before[id]
		if !known || s.versions[at] != snapshot.Versions[i] || s.steps[at].State != snapshot.Steps[i].State {
			changed = append(changed, id)
		}
	}
	return changed, s.show(snapshot)
}

// Noted counts the claims, outcomes and refusals that the session has recorded: a strict read
// during which that number changed may have seen less than is known.
func (s *Session) Noted() int { return s.noted }

// MarkStale asks for a strict read before the next decision.
func (s *Session) MarkStale() { s.stale = true }

// Stale tells that the snapshot was found wrong: a strict read is due before the
// next decision.
func (s *Session) Stale() bool { return s.stale }

// Batch is what can run now.
type Batch struct {
	// Ready are pending steps.
	Ready []int64
	// Retry are failed steps whose waiting time is over; they go back to pending
	// first.
	Retry []int64
}

// Next gives the steps that can run at the time now (micros), each list in
// ascending order: none for a task that is closed.
func (s *Session) Next(now int64) Batch {
	batch := Batch{Ready: []int64{}, Retry: []int64{}}
	if s.closed() {
		return batch
	}
	var row readiness.Status
	for _, node := range s.open {
		step := s.input(node)
		readiness.Evaluate(s.rules, now, step, &row)
		switch {
		case !row.ReadyForExecution:
		case row.CurrentState == lifecycle.Error:
			batch.Retry = append(batch.Retry, row.WorkflowStepID)
		default:
			batch.Ready = append(batch.Ready, row.WorkflowStepID)
		}
	}
	slices.Sort(batch.Ready)
	slices.Sort(batch.Retry)
	return batch
}

// closed tells that no step of the task may run any longer.
func (s *Session) closed() bool {
	state := s.task.State.Or(lifecycle.Pending)
	return lifecycle.Satisfied(state) || state == lifecycle.Cancelled
}

// input gives a step with its parents counted as they stand now.
func (s *Session) input(node int32) *readiness.StepInput {
	step := &s.steps[node]
	step.TotalParents = int32(s.counters.TotalParents(node))
	step.CompletedParents = int32(s.counters.CompletedParents(node))
	return step
}

// Context describes the task's progress at the time now, as the engine's get_task_execution_context
// does.
func (s *Session) Context(now int64) readiness.Context {
	tally := s.tally(now)
	return tally.Context(s.task)
}

func (s *Session) tally(now int64) readiness.Tally {
	var tally readiness.Tally
	var row readiness.Status
	for node := range s.steps {
		readiness.Evaluate(s.rules, now, s.input(int32(node)), &row)
		tally.Add(&row)
		if s.givenUp(node, &row) {
			tally.PermanentlyBlocked++
		}
	}
	return tally
}

// givenUp tells of a failed step that is final although attempts are left.
func (s *Session) givenUp(node int, row *readiness.Status) bool {
	return s.final && row.CurrentState == lifecycle.Error && !s.steps[node].Retryable.Or(true) &&
		!(row.Attempts.Valid && row.Attempts.Value >= row.RetryLimit)
}

// Blocked tells whether nothing can run and a step has failed permanently. Without a failed step it
// costs nothing.
func (s *Session) Blocked(now int64) bool {
	return s.failed > 0 && s.Context(now).ExecutionStatus == readiness.BlockedByFailures
}

func (s *Session) node(id int64) (int32, error) {
	node, found := s.graph.Index(id)
	if !found || s.graph.IsForeign(node) {
		return 0, fmt.Errorf("step %d is not part of task %d", id, s.task.TaskID)
	}
	return node, nil
}

// Knows tells whether a step is one of the task's as the last strict read saw it.
func (s *Session) Knows(id int64) bool {
	_, err := s.node(id)
	return err == nil
}

// Task is the task as the last strict read saw it.
func (s *Session) Task() readiness.TaskInput { return s.task }

// Steps are the steps as the session knows them. The slice is the session's own.
func (s *Session) Steps() []readiness.StepInput { return s.steps }

// Observe takes the row versions that the caller saw and returns the ids, in ascending order, of
// those of the task's steps whose version the session did not know.
func (s *Session) Observe(versions map[int64]int64) []int64 {
	changed := []int64{}
	for id, version := range versions {
		if node, err := s.node(id); err == nil && s.versions[node] != version {
			s.versions[node] = version
			changed = append(changed, id)
		}
	}
	slices.Sort(changed)
	return changed
}

package orchestration_test

import (
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"pgregory.net/rapid"
)

const second = int64(1_000_000)

// world is the database of a test: the truth, kept as plainly as can be. Each
// answer is computed from the states.
type world struct {
	now       int64
	clock     int64 // of row versions and tokens
	taskState string
	ids       []int64
	steps     map[int64]*row
	edges     []dag.Edge
	outside   map[int64]string // states of other tasks' steps
	executed  map[int64]int
}

// row is a step with its most recent audit row.
type row struct {
	state      string
	since      int64
	audit      int64
	version    int64
	attempts   int32
	retryLimit int32
	retryable  bool
	processed  bool
}

// drawWorld makes a task whose edges lead from lower to higher places, some of
// them twice, some from another task.
func drawWorld(t *rapid.T) *world {
	w := &world{now: 1_000 * second, taskState: lifecycle.InProgress, steps: map[int64]*row{},
		outside: map[int64]string{}, executed: map[int64]int{}}
	w.ids = rapid.SliceOfNDistinct(rapid.Int64Range(1, 500), 1, 14, rapid.ID).Draw(t, "ids")
	for _, id := range w.ids {
		w.steps[id] = &row{state: lifecycle.Pending, version: w.tick(), retryable: true,
			retryLimit: rapid.Int32Range(1, 3).Draw(t, "retry limit")}
	}
	for range rapid.IntRange(0, 2*len(w.ids)).Draw(t, "edges") {
		to := rapid.IntRange(0, len(w.ids)-1).Draw(t, "to")
		if from := rapid.IntRange(-1, to-1).Draw(t, "from"); from >= 0 {
			w.edges = append(w.edges, dag.Edge{From: w.ids[from], To: w.ids[to]})
		} else if rapid.IntRange(0, 4).Draw(t, "outside") == 0 {
			w.outside[1000] = lifecycle.Pending
			w.edges = append(w.edges, dag.Edge{From: 1000, To: w.ids[to]})
		}
	}
	return w
}

func (w *world) tick() int64 { w.clock++; return w.clock }

// snapshot is a strict read.
func (w *world) snapshot() orchestration.TaskSnapshot {
	snapshot := orchestration.TaskSnapshot{
		Task:  readiness.TaskInput{TaskID: 7, State: readiness.Some(w.taskState)},
		Edges: slices.Clone(w.edges),
	}
	for _, id := range slices.Sorted(slices.Values(w.ids)) {
		step := w.steps[id]
		input := readiness.StepInput{WorkflowStepID: id, TaskID: 7, Attempts: readiness.Some(step.attempts),
			RetryLimit: readiness.Some(step.retryLimit), Retryable: readiness.Some(step.retryable),
			InProcess: readiness.Some(false), Processed: readiness.Some(step.processed)}
		if step.audit > 0 {
			input.State, input.StateCreatedAt = readiness.Some(step.state), readiness.Some(step.since)
		}
		snapshot.Steps = append(snapshot.Steps, input)
		snapshot.Versions = append(snapshot.Versions, step.version)
	}
	for id, state := range w.outside {
		if lifecycle.Satisfied(state) {
			snapshot.SatisfiedOutside = append(snapshot.SatisfiedOutside, id)
		}
	}
	return snapshot
}

func (w *world) stateOf(id int64) string {
	if step, own := w.steps[id]; own {
		return step.state
	}
	return w.outside[id]
}

func (w *world) parentsSatisfied(id int64) bool {
	return !slices.ContainsFunc(w.edges, func(edge dag.Edge) bool {
		return edge.To == id && !lifecycle.Satisfied(w.stateOf(edge.From))
	})
}

// ready is the rule of readiness in words of its own.
func (w *world) ready(id int64) bool {
	step := w.steps[id]
	if !w.parentsSatisfied(id) || step.attempts >= step.retryLimit || !step.retryable || step.processed {
		return false
	}
	wait := []int64{1, 2, 4, 8, 16, 30}[min(step.attempts, 5)] * second
	return step.state == lifecycle.Pending || (step.state == lifecycle.Error && step.since+wait <= w.now)
}

func (w *world) batch() orchestration.Batch {
	batch := orchestration.Batch{Ready: []int64{}, Retry: []int64{}}
	if w.taskState == lifecycle.Cancelled {
		return batch
	}
	for _, id := range slices.Sorted(slices.Values(w.ids)) {
		switch {
		case !w.ready(id):
		case w.steps[id].state == lifecycle.Error:
			batch.Retry = append(batch.Retry, id)
		default:
			batch.Ready = append(batch.Ready, id)
		}
	}
	return batch
}

// status is the execution status; final counts failed steps that must not be
// retried as blocked.
func (w *world) status(final bool) string {
	count := map[string]int{}
	blocked, ready := 0, 0
	for _, id := range w.ids {
		step := w.steps[id]
		count[step.state]++
		if step.state == lifecycle.Error && (step.attempts >= step.retryLimit || (final && !step.retryable)) {
			blocked++
		}
		if w.ready(id) {
			ready++
		}
	}
	switch {
	case ready > 0:
		return readiness.HasReadySteps
	case count[lifecycle.InProgress] > 0:
		return readiness.Processing
	case blocked > 0:
		return readiness.BlockedByFailures
	case count[lifecycle.Complete]+count[lifecycle.ResolvedManually] == len(w.ids):
		return readiness.AllComplete
	}
	return readiness.WaitingForDependencies
}

// move writes an audit row.
func (w *world) move(id int64, state string) int64 {
	step := w.steps[id]
	step.state, step.since, step.audit = state, w.now, w.tick()
	return step.audit
}

// claim is the database's decision; 0 for a refusal.
func (w *world) claim(id int64) int64 {
	if w.steps[id].state != lifecycle.Pending || !w.ready(id) || w.taskState == lifecycle.Cancelled {
		return 0
	}
	w.executed[id]++
	return w.move(id, lifecycle.InProgress)
}

// finish is refused where the claim no longer holds.
func (w *world) finish(id, token int64, state string, retryable bool) (orchestration.Outcome, bool) {
	step := w.steps[id]
	if step.audit != token {
		return orchestration.Outcome{}, false
	}
	w.move(id, state)
	step.attempts++
	step.version, step.processed, step.retryable = w.tick(), state == lifecycle.Complete, retryable
	return orchestration.Outcome{State: state, At: w.now, Version: step.version, Attempts: readiness.Some(step.attempts),
		RetryLimit: readiness.Some(step.retryLimit), Retryable: retryable, Processed: step.processed}, true
}

// meddle changes something behind the session's back.
func (w *world) meddle(t *rapid.T) {
	id := rapid.SampledFrom(w.ids).Draw(t, "meddled step")
	step := w.steps[id]
	switch rapid.SampledFrom([]string{"resolve", "cancel", "fail", "edit", "task", "outside", "wait"}).Draw(t, "meddling") {
	case "resolve":
		if step.state == lifecycle.Pending || step.state == lifecycle.Error {
			w.move(id, lifecycle.ResolvedManually)
		}
	case "cancel":
		if step.state == lifecycle.Pending || step.state == lifecycle.InProgress {
			w.move(id, lifecycle.Cancelled)
		}
	case "fail":
		if step.state == lifecycle.InProgress {
			w.move(id, lifecycle.Error)
		}
	case "edit":
		step.version, step.retryLimit = w.tick(), step.retryLimit+1
	case "task":
		w.taskState = rapid.SampledFrom([]string{lifecycle.InProgress, lifecycle.Cancelled}).Draw(t, "task state")
	case "outside":
		if _, any := w.outside[1000]; any {
			w.outside[1000] = lifecycle.Complete
		}
	case "wait":
		w.now += rapid.Int64Range(1, 40).Draw(t, "seconds") * second
	}
}

func (w *world) String() string {
	text := fmt.Sprintf("task %s, edges %v, outside %v;", w.taskState, w.edges, w.outside)
	for _, id := range w.ids {
		text += fmt.Sprintf(" %d %+v;", id, *w.steps[id])
	}
	return text
}

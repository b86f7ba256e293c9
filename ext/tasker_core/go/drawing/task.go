package drawing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
)

// The limits of a drawing. Larger drawings are unreadable, and slow in browsers.
const (
	MaxSteps = 10_000
	MaxEdges = 100_000
)

// Task is a task as it is to be drawn.
type Task struct {
	ID        int64
	Name      string
	Namespace string
	Version   string
	State     string
	// Now is the time until which running steps are measured, microseconds.
	Now   int64
	Steps []Step
	// Edges among the steps; those that touch steps of other tasks are left out.
	Edges []dag.Edge
}

// Step is a step as it is to be drawn.
type Step struct {
	ID         int64
	Name       string
	State      string
	Attempts   int64
	RetryLimit int64
	// Began is when the step was first in progress, Ended when it came to the state
	// that it has, where that is one to stay in; microseconds, 0 for not yet.
	Began int64
	Ended int64
}

// TooLargeError says that a task has more steps or edges than are drawn.
type TooLargeError struct{ Steps, Edges int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the task has %d steps and %d edges; at most %d and %d are drawn: use step_dag or analyze_graph",
		e.Steps, e.Edges, MaxSteps, MaxEdges)
}

// unmeasured is the duration of a step that has none.
const unmeasured = -1

// duration is how long the step took, or has taken so far, in microseconds.
func (s *Step) duration(now int64) int64 {
	switch {
	case s.Began == 0:
		return unmeasured
	case s.State == lifecycle.InProgress:
		return max(now-s.Began, 0)
	case s.Ended >= s.Began:
		return max(s.Ended-s.Began, 0) // a row at -infinity would overflow
	}
	return unmeasured
}

// workflow is a task with what follows from it. A step's node is its index.
type workflow struct {
	Task
	graph     *dag.Graph
	levels    []int32
	durations []int64
	// critical is the chain of steps that took longest, up to its last step with a
	// duration; it is empty where none has one.
	critical         []int32
	criticalDuration int64
}

// analyze fails with a *TooLargeError, or with a *dag.CycleError if the dependencies form a cycle.
func analyze(task Task) (*workflow, error) {
	if len(task.Steps) > MaxSteps || len(task.Edges) > MaxEdges {
		return nil, &TooLargeError{Steps: len(task.Steps), Edges: len(task.Edges)}
	}
	w := &workflow{Task: task}
	w.Steps = slices.SortedFunc(slices.Values(task.Steps), func(a, b Step) int { return cmp.Compare(a.ID, b.ID) })
	ids := make([]int64, len(w.Steps))
	for i := range w.Steps {
		ids[i] = w.Steps[i].ID
	}
	var err error
	if w.graph, err = dag.Compile(ids, ownEdges(ids, task.Edges)); err != nil {
		return nil, err
	}
	if w.levels, err = w.graph.Levels(); err != nil {
		return nil, err
	}
	return w, w.measure()
}

// ownEdges gives each edge between two of the steps once.
func ownEdges(ids []int64, edges []dag.Edge) []dag.Edge {
	own := make([]dag.Edge, 0, len(edges))
	for _, edge := range edges {
		_, from := slices.BinarySearch(ids, edge.From)
		_, to := slices.BinarySearch(ids, edge.To)
		if from && to {
			own = append(own, edge)
		}
	}
	slices.SortFunc(own, func(a, b dag.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return slices.Compact(own)
}

func (w *workflow) measure() error {
	w.durations = make([]int64, len(w.Steps))
	weights := make([]int64, len(w.Steps))
	for i := range w.Steps {
		w.durations[i] = w.Steps[i].duration(w.Now)
		weights[i] = max(w.durations[i], 0)
	}
	path, weight, err := w.graph.CriticalPath(weights)
	for len(path) > 0 && w.durations[path[len(path)-1]] == unmeasured {
		path = path[:len(path)-1]
	}
	w.critical, w.criticalDuration = path, weight
	return err
}

// count gives how many steps are in each state, in the order of the states, then
// those in states that the engine does not have.
func (w *workflow) count() []stateCount {
	counts := map[string]int{}
	for i := range w.Steps {
		counts[w.Steps[i].State]++
	}
	var list []stateCount
	for state, steps := range counts {
		list = append(list, stateCount{state, steps})
	}
	slices.SortFunc(list, func(a, b stateCount) int {
		return cmp.Or(cmp.Compare(rank(a.state), rank(b.state)), cmp.Compare(a.state, b.state))
	})
	return list
}

type stateCount struct {
	state string
	steps int
}

// shownStates are the states in the order of the legend.
var shownStates = []string{
	lifecycle.Complete, lifecycle.ResolvedManually, lifecycle.InProgress, lifecycle.Pending, lifecycle.Error,
	lifecycle.Cancelled,
}

func rank(state string) int {
	if at := slices.Index(shownStates, state); at >= 0 {
		return at
	}
	return len(shownStates)
}

// class is the name of a state's style: the state's own, or "other".
func class(state string) string {
	if lifecycle.Step.IsState(state) {
		return state
	}
	return "other"
}

package store

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"sort"
)

//go:embed snapshot.sql
var snapshotSQL string

// snapshotColumns is how many columns snapshot.sql answers.
const snapshotColumns = 19

// Flags of a step, as snapshot.sql packs them.
const (
	FlagRetryable = 1 << iota
	FlagInProcess
	FlagProcessed
)

// Snapshot is what one statement saw of some tasks: everything that readiness,
// levels and the orchestration loop decide from.
type Snapshot struct {
	Steps Steps
	Edges Edges
	// Names maps named_step_id to the step's name.
	Names map[int64]string
	// Tasks are the tasks found, by id.
	Tasks map[int64]Task
	// Now is the database's LOCALTIMESTAMP in micros: the clock that the SQL
	// functions compare with, in any time zone of the session.
	Now int64
}

// Task is a row of tasker_tasks with its current state.
type Task struct {
	NamedTaskID int64
	// State is nil for a task without a transition.
	State *string
}

// Steps are the steps by column, in ascending order of ID.
type Steps struct {
	ID                    []int64
	TaskID                []int64
	NamedStepID           []int64
	Attempts              []NullInt
	RetryLimit            []NullInt
	Flags                 []int64
	BackoffRequestSeconds []NullInt
	LastAttemptedAt       []NullInt
	// State is the to_state of the most recent transition, nil without one.
	State []*string
	// FailedAt is created_at of that transition where it is 'error'.
	FailedAt []NullInt
}

// Edges are the edges into the steps. A parent may lie outside of the tasks
// that were asked for.
type Edges struct {
	Parent []int64
	Child  []int64
	// Outside holds the states of parents that are not among the steps.
	Outside map[int64]*string
}

// LoadSnapshot reads the tasks' steps, edges, states and names. Unknown tasks
// are missing in the answer.
func LoadSnapshot(ctx context.Context, driver Driver, taskIDs []int64) (*Snapshot, error) {
	rows, err := driver.Query(ctx, Statement{Name: "task_snapshot", SQL: snapshotSQL, Params: []*string{Ints(taskIDs)}})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, snapshotColumns)
	if err != nil {
		return nil, err
	}
	snapshot := &Snapshot{}
	if err := snapshot.decode(row); err != nil {
		return nil, err
	}
	return snapshot, snapshot.loadOutsideParents(ctx, driver)
}

func (s *Snapshot) decode(row []*string) error {
	d := decoder{row: row}
	s.Steps = Steps{
		ID: d.ids(), TaskID: d.ids(), NamedStepID: d.ids(),
		Attempts: d.ints(), RetryLimit: d.ints(), Flags: d.ids(),
		BackoffRequestSeconds: d.ints(), LastAttemptedAt: d.micros(),
	}
	s.Edges = Edges{Parent: d.ids(), Child: d.ids()}
	stateIDs, states, failedAt := d.ids(), d.texts(), d.micros()
	nameIDs, names := d.ids(), d.texts()
	taskIDs, namedTaskIDs, taskStates := d.ids(), d.ids(), d.texts()
	s.Now = d.instant()
	if d.err != nil {
		return d.err
	}
	if err := s.Steps.check(len(s.Edges.Parent) == len(s.Edges.Child), len(stateIDs) == len(states), len(states) == len(failedAt),
		len(nameIDs) == len(names), len(taskIDs) == len(namedTaskIDs), len(taskIDs) == len(taskStates)); err != nil {
		return err
	}
	s.Steps.sort()
	s.Steps.place(stateIDs, states, failedAt)
	s.Edges.keepInto(&s.Steps)
	s.Names = make(map[int64]string, len(nameIDs))
	for i, id := range nameIDs {
		if names[i] != nil {
			s.Names[id] = *names[i]
		}
	}
	s.Tasks = make(map[int64]Task, len(taskIDs))
	for i, id := range taskIDs {
		s.Tasks[id] = Task{NamedTaskID: namedTaskIDs[i], State: taskStates[i]}
	}
	return nil
}

// check refuses columns of unequal length, so that what follows can index.
func (s *Steps) check(others ...bool) error {
	n := len(s.ID)
	equal := len(s.TaskID) == n && len(s.NamedStepID) == n && len(s.Attempts) == n && len(s.RetryLimit) == n &&
		len(s.Flags) == n && len(s.BackoffRequestSeconds) == n && len(s.LastAttemptedAt) == n
	if !equal || slices.Contains(others, false) {
		return &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	return nil
}

// Len is the number of steps.
func (s *Steps) Len() int { return len(s.ID) }

// Index gives the position of a step, and whether it is there.
func (s *Steps) Index(id int64) (int, bool) {
	if len(s.ID) == 0 {
		return 0, false
	}
	if at := id - s.ID[0]; at >= 0 && at < int64(len(s.ID)) && s.ID[at] == id {
		return int(at), true
	}
	return slices.BinarySearch(s.ID, id)
}

// sort brings the columns into the order of ID; mostly they are already.
func (s *Steps) sort() {
	if slices.IsSorted(s.ID) {
		return
	}
	order := make([]int, len(s.ID))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return s.ID[order[a]] < s.ID[order[b]] })
	s.ID, s.TaskID, s.NamedStepID = permute(s.ID, order), permute(s.TaskID, order), permute(s.NamedStepID, order)
	s.Attempts, s.RetryLimit, s.Flags = permute(s.Attempts, order), permute(s.RetryLimit, order), permute(s.Flags, order)
	s.BackoffRequestSeconds, s.LastAttemptedAt = permute(s.BackoffRequestSeconds, order), permute(s.LastAttemptedAt, order)
}

func permute[T any](values []T, order []int) []T {
	out := make([]T, len(values))
	for to, from := range order {
		out[to] = values[from]
	}
	return out
}

// place puts the states at their steps; states of other tasks' steps, which a
// range scan can bring, are dropped.
func (s *Steps) place(ids []int64, states []*string, failedAt []NullInt) {
	s.State = make([]*string, len(s.ID))
	s.FailedAt = make([]NullInt, len(s.ID))
	for i, id := range ids {
		if at, ok := s.Index(id); ok {
			s.State[at], s.FailedAt[at] = states[i], failedAt[i]
		}
	}
}

// keepInto drops edges whose child is not among the steps.
func (e *Edges) keepInto(steps *Steps) {
	kept := 0
	for i, child := range e.Child {
		if _, ok := steps.Index(child); ok {
			e.Parent[kept], e.Child[kept] = e.Parent[i], child
			kept++
		}
	}
	e.Parent, e.Child = e.Parent[:kept], e.Child[:kept]
}

// loadOutsideParents reads the states of parents in other tasks. The functions
// of the engine count them like any parent, and they are rare.
func (s *Snapshot) loadOutsideParents(ctx context.Context, driver Driver) error {
	var outside []int64
	for _, parent := range s.Edges.Parent {
		if _, ok := s.Steps.Index(parent); !ok {
			outside = append(outside, parent)
		}
	}
	if outside == nil {
		return nil
	}
	slices.Sort(outside)
	states, err := CurrentStepStates(ctx, driver, slices.Compact(outside))
	s.Edges.Outside = states
	return err
}

// CurrentStepStates reads the current state of each step; steps without a
// transition are missing in the answer.
func CurrentStepStates(ctx context.Context, driver Driver, stepIDs []int64) (map[int64]*string, error) {
	rows, err := driver.Query(ctx, Statement{
		Name: "step_states",
		SQL: `SELECT array_agg(workflow_step_id)::text, array_agg(to_state)::text
FROM tasker_workflow_step_transitions
WHERE most_recent AND workflow_step_id = ANY ((SELECT $1)::bigint[])`,
		Params: []*string{Ints(stepIDs)},
	})
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0]) != 2 {
		return nil, &FormatError{Want: "one row of 2 columns", Got: fmt.Sprintf("%d rows", len(rows))}
	}
	d := decoder{row: rows[0]}
	ids, states := d.ids(), d.texts()
	if d.err != nil {
		return nil, d.err
	}
	if len(ids) != len(states) {
		return nil, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	found := make(map[int64]*string, len(ids))
	for i, id := range ids {
		found[id] = states[i]
	}
	return found, nil
}

package store

import (
	"cmp"
	"context"
	"slices"
)

// Snapshot is what one statement saw of some tasks: everything that readiness and the
// orchestration loop decide from.
type Snapshot struct {
	// Steps are in ascending order of id.
	Steps []Step
	Edges Edges
	// Tasks are the tasks found, by id, where WithTasks was asked for.
	Tasks map[int64]Task
	// Now is the database's LOCALTIMESTAMP in micros: the clock that the SQL
	// functions compare with, in any time zone of the session.
	Now int64

	places index
}

// Task is a row of tasker_tasks with its current state.
type Task struct {
	NamedTaskID int64
	// Version is the row version, where WithVersions was asked for.
	Version int64
	// State is nil for a task without a transition.
	State *string
}

// Step is a row of tasker_workflow_steps with its current state.
type Step struct {
	ID     int64
	TaskID int64
	// Version is the row version, where WithVersions was asked for.
	Version int64
	// NamedStepID and Name are there where WithNames was asked for.
	NamedStepID           int64
	Name                  string
	Flags                 int64
	Attempts              NullInt
	RetryLimit            NullInt
	BackoffRequestSeconds NullInt
	// LastAttemptedAt is there with BackoffRequestSeconds, or where WithNames was asked for.
	LastAttemptedAt NullInt
	// State is the to_state of the most recent transition, nil without one.
	State *string
	// FailedAt is created_at of that transition where it is 'error'.
	FailedAt NullInt
}

// Edges are the edges into the steps. A parent may lie outside of the tasks
// that were asked for.
type Edges struct {
	Parent []int64
	Child  []int64
	// Outside holds the states of parents that are not among the steps.
	Outside map[int64]*string
}

// SnapshotOf is the statement of LoadSnapshot, without its parameter.
func SnapshotOf(parts Part) Statement {
	return Statement{Name: "task_snapshot", SQL: snapshotSQL[parts]}
}

// SnapshotsOf is the statement of LoadSnapshots, without its parameter.
func SnapshotsOf(parts Part) Statement {
	return Statement{Name: "task_snapshots", SQL: snapshotsSQL[parts]}
}

// LoadSnapshot reads a task's steps, the edges into them and their states, and the parts
// that are asked for. An unknown task has no steps.
func LoadSnapshot(ctx context.Context, driver Driver, taskID int64, parts Part) (*Snapshot, error) {
	return loadSnapshot(ctx, driver, SnapshotOf(parts).With(Int(taskID)), snapshotText{parts: parts, taskID: &taskID})
}

// LoadSnapshots is LoadSnapshot for many tasks. Unknown tasks are missing in the answer.
func LoadSnapshots(ctx context.Context, driver Driver, taskIDs []int64, parts Part) (*Snapshot, error) {
	return loadSnapshot(ctx, driver, SnapshotsOf(parts).With(Ints(taskIDs)), snapshotText{parts: parts})
}

func loadSnapshot(ctx context.Context, driver Driver, statement Statement, text snapshotText) (*Snapshot, error) {
	rows, err := driver.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 1)
	if err != nil {
		return nil, err
	}
	if row[0] == nil {
		return nil, &FormatError{Want: "a snapshot", Got: "NULL"}
	}
	text.text = *row[0]
	snapshot, err := text.read()
	if err != nil {
		return nil, err
	}
	return snapshot, snapshot.loadOutsideParents(ctx, driver)
}

// StepIDs are the steps' ids in ascending order.
func (s *Snapshot) StepIDs() []int64 { return s.places.ids }

// Index gives the place of a step, and whether it is there.
func (s *Snapshot) Index(id int64) (int, bool) { return s.places.of(id) }

// arrange brings the steps into the order of their ids, each once; mostly they are
// already.
func (s *Snapshot) arrange() {
	byID := func(a, b Step) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(s.Steps, byID) {
		slices.SortFunc(s.Steps, byID)
	}
	s.Steps = slices.CompactFunc(s.Steps, func(a, b Step) bool { return a.ID == b.ID })
	ids := make([]int64, len(s.Steps))
	for i := range s.Steps {
		ids[i] = s.Steps[i].ID
	}
	s.places = newIndex(ids)
}

// loadOutsideParents reads the states of parents in other tasks. The functions
// of the engine count them like any parent, and they are rare.
func (s *Snapshot) loadOutsideParents(ctx context.Context, driver Driver) error {
	var outside []int64
	for _, parent := range s.Edges.Parent {
		if _, ok := s.Index(parent); !ok {
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
		SQL: `SELECT concat(array_agg(audit.workflow_step_id), array_agg(audit.to_state))
FROM unnest((SELECT $1::bigint[])) AS asked (id) CROSS JOIN LATERAL (
  SELECT workflow_step_id, to_state FROM tasker_workflow_step_transitions
  WHERE most_recent AND workflow_step_id = asked.id OFFSET 0) AS audit`,
		Params: []*string{Ints(stepIDs)},
	})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 1)
	if err != nil || row[0] == nil {
		return nil, err
	}
	s := scanner{text: *row[0]}
	ids, states := s.ids(), s.texts()
	if s.err == nil && len(ids) != len(states) {
		s.fail("columns of one length")
	}
	found := make(map[int64]*string, len(ids))
	for i := range states {
		found[ids[i]] = states[i]
	}
	return found, s.err
}

// index finds the place of an id in a list.
type index struct {
	ids []int64
	// places is there where the list is in no order.
	places map[int64]int
}

func newIndex(ids []int64) index {
	i := index{ids: ids}
	if !slices.IsSorted(ids) {
		i.places = make(map[int64]int, len(ids))
		for place, id := range ids {
			i.places[id] = place
		}
	}
	return i
}

// of gives the place of an id, and whether it is there. Ids mostly follow one another, so
// that the place is known without a search.
func (i index) of(id int64) (int, bool) {
	if i.places != nil {
		place, found := i.places[id]
		return place, found
	}
	if len(i.ids) == 0 {
		return 0, false
	}
	if at := id - i.ids[0]; at >= 0 && at < int64(len(i.ids)) && i.ids[at] == id {
		return int(at), true
	}
	return slices.BinarySearch(i.ids, id)
}

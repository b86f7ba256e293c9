package operation

import (
	"context"
	_ "embed"

	"github.com/jcoletaylor/tasker_core/go/store"
)

//go:embed slowest_tasks.sql
var slowestTasksSQL string

// SlowTasks are rows of the engine's get_slowest_tasks_v01 by column, longest
// first, then by id. Times are microseconds of the session's wall clock.
type SlowTasks struct {
	TaskID         []int64
	TaskName       []*string
	Namespace      []*string
	Version        []*string
	Seconds        []*string // digits, three places
	StepCount      []int64
	CompletedSteps []int64
	ErrorSteps     []int64
	CreatedAt      []store.NullInt
	EndedAt        []store.NullInt
	Initiator      []*string
	SourceSystem   []*string
}

// SlowestTasks gives the tasks that took longest from being made to their last
// complete or failed step. The engine's function raises as shipped (it returns
// timestamp where it declares timestamptz); this is what it is meant to answer.
// As there, a step counts once for each row of its history.
func SlowestTasks(ctx context.Context, driver store.Driver, asked Slowest) (*SlowTasks, error) {
	rows, err := driver.Query(ctx, asked.statement("slowest_tasks", slowestTasksSQL))
	if err != nil {
		return nil, err
	}
	c, err := oneRow(rows, 12)
	if err != nil {
		return nil, err
	}
	s := &SlowTasks{
		TaskID:   list(c, store.ParseIDs),
		TaskName: list(c, store.ParseTexts), Namespace: list(c, store.ParseTexts), Version: list(c, store.ParseTexts),
		Seconds:   list(c, store.ParseTexts),
		StepCount: list(c, store.ParseIDs), CompletedSteps: list(c, store.ParseIDs), ErrorSteps: list(c, store.ParseIDs),
		CreatedAt: list(c, store.ParseMicros), EndedAt: list(c, store.ParseMicros),
		Initiator: list(c, store.ParseTexts), SourceSystem: list(c, store.ParseTexts),
	}
	return s, c.sameLength(len(s.TaskID), len(s.TaskName), len(s.Namespace), len(s.Version), len(s.Seconds),
		len(s.StepCount), len(s.CompletedSteps), len(s.ErrorSteps), len(s.CreatedAt), len(s.EndedAt),
		len(s.Initiator), len(s.SourceSystem))
}

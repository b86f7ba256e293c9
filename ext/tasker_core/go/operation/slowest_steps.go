package operation

import (
	"context"
	_ "embed"

	"github.com/jcoletaylor/tasker_core/go/store"
)

//go:embed slowest_steps.sql
var slowestStepsSQL string

// SlowSteps are rows of the engine's get_slowest_steps_v01 by column, longest
// first, then by id. Times are microseconds of the session's wall clock.
type SlowSteps struct {
	StepID    []int64
	TaskID    []int64
	StepName  []*string
	TaskName  []*string
	Namespace []*string
	Version   []*string
	Seconds   []*string // digits, three places
	Attempts  []store.NullInt
	CreatedAt []store.NullInt
	EndedAt   []store.NullInt
	Retryable []int64 // 0 or 1
	State     []*string
}

// SlowestSteps gives the complete steps that took longest from being made to
// being complete. The engine's function raises as shipped (it returns timestamp
// where it declares timestamptz); this is what it is meant to answer.
func SlowestSteps(ctx context.Context, driver store.Driver, asked Slowest) (*SlowSteps, error) {
	rows, err := driver.Query(ctx, asked.statement("slowest_steps", slowestStepsSQL))
	if err != nil {
		return nil, err
	}
	c, err := oneRow(rows, 12)
	if err != nil {
		return nil, err
	}
	s := &SlowSteps{
		StepID: list(c, store.ParseIDs), TaskID: list(c, store.ParseIDs),
		StepName: list(c, store.ParseTexts), TaskName: list(c, store.ParseTexts),
		Namespace: list(c, store.ParseTexts), Version: list(c, store.ParseTexts),
		Seconds: list(c, store.ParseTexts), Attempts: list(c, store.ParseInts),
		CreatedAt: list(c, store.ParseMicros), EndedAt: list(c, store.ParseMicros),
		Retryable: list(c, store.ParseIDs), State: list(c, store.ParseTexts),
	}
	return s, c.sameLength(len(s.StepID), len(s.TaskID), len(s.StepName), len(s.TaskName), len(s.Namespace), len(s.Version),
		len(s.Seconds), len(s.Attempts), len(s.CreatedAt), len(s.EndedAt), len(s.Retryable), len(s.State))
}

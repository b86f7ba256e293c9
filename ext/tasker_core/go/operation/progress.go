package operation

import (
	"context"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Progress is the progress of a task, step by step.
type Progress struct {
	Name      string
	Namespace string
	Version   string
	State     string
	// Now is the database's time, in microseconds.
	Now int64
	// Steps are in the order of their ids.
	Steps []StepProgress
}

// StepProgress is the progress of a step.
type StepProgress struct {
	ID         int64
	Name       string
	State      string
	Attempts   int64
	RetryLimit store.NullInt
	// Level is the length of the longest path from a root.
	Level int32
	// Began is when it was first in progress, Ended when it came to the state that it has,
	// where that is one to stay in; micros.
	Began store.NullInt
	Ended store.NullInt
	// Duration is from the one to the other, of a running step up to now; microseconds.
	Duration store.NullInt
	// ParentIDs are its parents in the task, in ascending order.
	ParentIDs []int64
}

// TaskProgress reads the progress of a task with one statement, nil for an unknown task. A cycle is
// a *dag.CycleError.
func TaskProgress(ctx context.Context, driver store.Driver, taskID int64) (*Progress, error) {
	read, err := store.LoadProgress(ctx, driver, taskID)
	if err != nil || read == nil {
		return nil, err
	}
	graph, err := compile(read.StepID, read.Edges)
	if err != nil {
		return nil, err
	}
	levels, err := graph.Levels()
	if err != nil {
		return nil, err
	}
	progress := &Progress{Name: read.Name, Namespace: read.Namespace, Version: read.Version, Now: read.Now,
		State: state(lifecycle.Task, orNil(read.State)), Steps: make([]StepProgress, len(read.StepID))}
	for i := range progress.Steps {
		step := &progress.Steps[i]
		*step = stepProgress(read, i)
		step.Level = levels[i]
		for _, parent := range slices.Compact(slices.Clone(graph.Parents(int32(i)))) {
			step.ParentIDs = append(step.ParentIDs, read.StepID[parent])
		}
	}
	return progress, nil
}

func stepProgress(read *store.Progress, i int) StepProgress {
	step := StepProgress{
		ID: read.StepID[i], State: state(lifecycle.Step, read.StepState[i]), Attempts: read.Attempts[i].Value,
		RetryLimit: read.RetryLimit[i], Began: read.Began[i], Ended: read.Ended[i],
	}
	if read.StepName[i] != nil {
		step.Name = *read.StepName[i]
	}
	switch {
	case !step.Began.Valid:
	case step.State == lifecycle.InProgress:
		step.Duration = store.NullInt{Value: max(read.Now-step.Began.Value, 0), Valid: true}
	case step.Ended.Valid && step.Ended.Value >= step.Began.Value:
		step.Duration = store.NullInt{Value: max(step.Ended.Value-step.Began.Value, 0), Valid: true}
	}
	return step
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

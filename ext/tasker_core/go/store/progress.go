package store

import (
	"context"
	_ "embed"
)

//go:embed progress.sql
var progressSQL string

const progressColumns = 14

// TaskProgressOf is the statement of LoadProgress, without its parameter.
var TaskProgressOf = Statement{Name: "task_progress", SQL: progressSQL}

// Progress is the progress of a task, step by step. Its lists of steps have the same length, and
// are in ascending order of StepID.
type Progress struct {
	// Now is the database's time, in microseconds.
	Now int64
	// State is "" for a task without an audit row.
	State     string
	Name      string
	Namespace string
	Version   string

	StepID     []int64
	StepName   []*string
	StepState  []*string
	Attempts   []NullInt
	RetryLimit []NullInt
	// Began is when a step was first in progress, Ended when it came to the state that it
	// has, where that is one to stay in; micros.
	Began []NullInt
	Ended []NullInt
	// Edges are those between two of the steps.
	Edges Edges
}

// LoadProgress reads the progress of a task with one statement, nil for an unknown task.
func LoadProgress(ctx context.Context, driver Driver, taskID int64) (*Progress, error) {
	rows, err := driver.Query(ctx, TaskProgressOf.With(Int(taskID)))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row, err := oneRow(rows, progressColumns)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	p := &Progress{
		Now: d.instant(), State: d.text(), Name: d.text(), Namespace: d.text(), Version: d.text(),
		StepID: d.ids(), StepName: d.texts(), StepState: d.texts(), Attempts: d.ints(), RetryLimit: d.ints(),
		Began: d.micros(), Ended: d.micros(), Edges: Edges{Parent: d.ids(), Child: d.ids()},
	}
	if d.err == nil && !p.even() {
		d.err = &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	return p, d.err
}

func (p *Progress) even() bool {
	n := len(p.StepID)
	return len(p.StepName) == n && len(p.StepState) == n && len(p.Attempts) == n && len(p.RetryLimit) == n &&
		len(p.Began) == n && len(p.Ended) == n && len(p.Edges.Parent) == len(p.Edges.Child)
}

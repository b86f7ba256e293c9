package store

import (
	"context"
	_ "embed"
)

//go:embed timeline.sql
var timelineSQL string

const timelineColumns = 6

// Timeline is what a task is called, and when its steps ran.
type Timeline struct {
	Name      string
	Namespace string
	Version   string
	// Moments are by step id; steps that never ran are missing.
	Moments map[int64]Moment
}

// Moment tells when a step was first in progress, and when it came to the state
// that it has where that is one to stay in; micros.
type Moment struct {
	Began int64
	Ended NullInt
}

// LoadTimeline reads the timeline of a task.
func LoadTimeline(ctx context.Context, driver Driver, taskID int64) (*Timeline, error) {
	rows, err := driver.Query(ctx, Statement{Name: "task_timeline", SQL: timelineSQL, Params: []*string{Int(taskID)}})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, timelineColumns)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	ids, began, ended := d.ids(), d.micros(), d.micros()
	timeline := &Timeline{Name: d.text(), Namespace: d.text(), Version: d.text(), Moments: make(map[int64]Moment, len(ids))}
	if d.err != nil {
		return nil, d.err
	}
	if len(ids) != len(began) || len(ids) != len(ended) {
		return nil, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	for i, id := range ids {
		timeline.Moments[id] = Moment{Began: began[i].Value, Ended: ended[i]}
	}
	return timeline, nil
}

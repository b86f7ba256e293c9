package operation

import (
	"context"
	_ "embed"

	"github.com/jcoletaylor/tasker_core/go/store"
)

//go:embed system_health.sql
var systemHealthSQL string

// SystemHealthStatement is the statement of SystemHealthCounts.
var SystemHealthStatement = store.Statement{Name: "system_health_counts", SQL: systemHealthSQL}

// SystemHealth is the row of the engine's get_system_health_counts_v01.
type SystemHealth struct {
	TotalTasks      int64
	PendingTasks    int64
	InProgressTasks int64
	CompleteTasks   int64
	ErrorTasks      int64
	CancelledTasks  int64

	TotalSteps      int64
	PendingSteps    int64
	InProgressSteps int64
	CompleteSteps   int64
	ErrorSteps      int64

	RetryableErrorSteps int64
	ExhaustedRetrySteps int64
	InBackoffSteps      int64

	ActiveConnections int64
	MaxConnections    int64
}

// SystemHealthCounts counts over the whole database: tasks and steps by state,
// retries, and connections. The asking connection counts as an active one.
func SystemHealthCounts(ctx context.Context, driver store.Driver) (SystemHealth, error) {
	var h SystemHealth
	rows, err := driver.Query(ctx, SystemHealthStatement)
	if err != nil {
		return h, err
	}
	columns := []*int64{
		&h.TotalTasks, &h.PendingTasks, &h.InProgressTasks, &h.CompleteTasks, &h.ErrorTasks, &h.CancelledTasks,
		&h.TotalSteps, &h.PendingSteps, &h.InProgressSteps, &h.CompleteSteps, &h.ErrorSteps,
		&h.RetryableErrorSteps, &h.ExhaustedRetrySteps, &h.InBackoffSteps,
		&h.ActiveConnections, &h.MaxConnections,
	}
	c, err := oneRow(rows, len(columns))
	if err != nil {
		return h, err
	}
	for _, column := range columns {
		*column = c.integer()
	}
	return h, c.err
}

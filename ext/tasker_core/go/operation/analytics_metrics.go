package operation

import (
	"context"
	_ "embed"

	"github.com/jcoletaylor/tasker_core/go/store"
)

//go:embed analytics.sql
var analyticsSQL string

// Analytics is the row of the engine's get_analytics_metrics_v01. Decimals are
// PostgreSQL's digits; times are microseconds of the session's wall clock.
type Analytics struct {
	ActiveTasks       int64
	TotalNamespaces   int64
	UniqueTaskTypes   int64
	SystemHealthScore string

	TaskThroughput  int64
	CompletionCount int64
	ErrorCount      int64
	CompletionRate  string // percent
	ErrorRate       string // percent

	AvgTaskDuration string // seconds
	AvgStepDuration string // seconds
	StepThroughput  int64

	PeriodStart  int64
	CalculatedAt int64
}

// AnalyticsMetrics gives throughput, rates and durations of the tasks made after
// since (microseconds since 1970 in UTC), or in the last hour where it is nil.
func AnalyticsMetrics(ctx context.Context, driver store.Driver, since *int64) (Analytics, error) {
	var a Analytics
	rows, err := driver.Query(ctx, store.Statement{Name: "analytics_metrics", SQL: analyticsSQL, Params: []*string{moment(since)}})
	if err != nil {
		return a, err
	}
	c, err := oneRow(rows, 14)
	if err != nil {
		return a, err
	}
	a.ActiveTasks, a.TotalNamespaces, a.UniqueTaskTypes = c.integer(), c.integer(), c.integer()
	a.SystemHealthScore = c.text()
	a.TaskThroughput, a.CompletionCount, a.ErrorCount = c.integer(), c.integer(), c.integer()
	a.CompletionRate, a.ErrorRate = c.text(), c.text()
	a.AvgTaskDuration, a.AvgStepDuration = c.text(), c.text()
	a.StepThroughput = c.integer()
	a.PeriodStart, a.CalculatedAt = c.micros(), c.micros()
	return a, c.err
}

// moment gives a parameter of microseconds, NULL for nil.
func moment(micros *int64) *string {
	if micros == nil {
		return nil
	}
	return store.Int(*micros)
}

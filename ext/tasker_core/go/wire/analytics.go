package wire

import (
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

type periodArguments struct {
	Since *int64 `msgpack:"since"` // microseconds since 1970 in UTC
}

type slowestArguments struct {
	Since     *int64  `msgpack:"since"` // microseconds since 1970 in UTC
	Limit     *int64  `msgpack:"limit"`
	Namespace *string `msgpack:"namespace"`
	TaskName  *string `msgpack:"task_name"`
	Version   *string `msgpack:"version"`
}

func (a slowestArguments) asked() (operation.Slowest, error) {
	if a.Limit != nil && *a.Limit < 0 {
		return operation.Slowest{}, Errorf(CodeInvalidArgument, "limit is %d; it must be 0 or more, or nil for all", *a.Limit)
	}
	return operation.Slowest{Since: a.Since, Limit: a.Limit, Namespace: a.Namespace, TaskName: a.TaskName, Version: a.Version}, nil
}

func systemHealthCounts(c call, _ struct{}) (any, error) {
	h, err := operation.SystemHealthCounts(c.ctx, c.driver)
	if err != nil {
		return nil, err
	}
	t := NewTable(1)
	t.one("total_tasks", h.TotalTasks)
	t.one("pending_tasks", h.PendingTasks)
	t.one("in_progress_tasks", h.InProgressTasks)
	t.one("complete_tasks", h.CompleteTasks)
	t.one("error_tasks", h.ErrorTasks)
	t.one("cancelled_tasks", h.CancelledTasks)
	t.one("total_steps", h.TotalSteps)
	t.one("pending_steps", h.PendingSteps)
	t.one("in_progress_steps", h.InProgressSteps)
	t.one("complete_steps", h.CompleteSteps)
	t.one("error_steps", h.ErrorSteps)
	t.one("retryable_error_steps", h.RetryableErrorSteps)
	t.one("exhausted_retry_steps", h.ExhaustedRetrySteps)
	t.one("in_backoff_steps", h.InBackoffSteps)
	t.one("active_connections", h.ActiveConnections)
	t.one("max_connections", h.MaxConnections)
	return t, nil
}

func analyticsMetrics(c call, a periodArguments) (any, error) {
	m, err := operation.AnalyticsMetrics(c.ctx, c.driver, a.Since)
	if err != nil {
		return nil, err
	}
	t := NewTable(1)
	t.one("active_tasks_count", m.ActiveTasks)
	t.one("total_namespaces_count", m.TotalNamespaces)
	t.one("unique_task_types_count", m.UniqueTaskTypes)
	t.oneDecimal("system_health_score", m.SystemHealthScore)
	t.one("task_throughput", m.TaskThroughput)
	t.one("completion_count", m.CompletionCount)
	t.one("error_count", m.ErrorCount)
	t.oneDecimal("completion_rate", m.CompletionRate)
	t.oneDecimal("error_rate", m.ErrorRate)
	t.oneDecimal("avg_task_duration", m.AvgTaskDuration)
	t.oneDecimal("avg_step_duration", m.AvgStepDuration)
	t.one("step_throughput", m.StepThroughput)
	t.Time("analysis_period_start", func(int) (int64, bool) { return m.PeriodStart, true })
	t.Time("calculated_at", func(int) (int64, bool) { return m.CalculatedAt, true })
	return t, nil
}

func slowestSteps(c call, a slowestArguments) (any, error) {
	asked, err := a.asked()
	if err != nil {
		return nil, err
	}
	s, err := operation.SlowestSteps(c.ctx, c.driver, asked)
	if err != nil {
		return nil, err
	}
	t := NewTable(len(s.StepID))
	t.Int("workflow_step_id", always(s.StepID))
	t.Int("task_id", always(s.TaskID))
	t.Text("step_name", texts(s.StepName))
	t.Text("task_name", texts(s.TaskName))
	t.Text("namespace_name", texts(s.Namespace))
	t.Text("version", texts(s.Version))
	t.Decimal("duration_seconds", texts(s.Seconds))
	t.Int("attempts", nullable(s.Attempts))
	t.Time("created_at", nullable(s.CreatedAt))
	t.Time("completed_at", nullable(s.EndedAt))
	t.Bool("retryable", func(i int) bool { return s.Retryable[i] != 0 })
	t.Text("step_status", texts(s.State))
	return t, nil
}

func slowestTasks(c call, a slowestArguments) (any, error) {
	asked, err := a.asked()
	if err != nil {
		return nil, err
	}
	s, err := operation.SlowestTasks(c.ctx, c.driver, asked)
	if err != nil {
		return nil, err
	}
	t := NewTable(len(s.TaskID))
	t.Int("task_id", always(s.TaskID))
	t.Text("task_name", texts(s.TaskName))
	t.Text("namespace_name", texts(s.Namespace))
	t.Text("version", texts(s.Version))
	t.Decimal("duration_seconds", texts(s.Seconds))
	t.Int("step_count", always(s.StepCount))
	t.Int("completed_steps", always(s.CompletedSteps))
	t.Int("error_steps", always(s.ErrorSteps))
	t.Time("created_at", nullable(s.CreatedAt))
	t.Time("completed_at", nullable(s.EndedAt))
	t.Text("initiator", texts(s.Initiator))
	t.Text("source_system", texts(s.SourceSystem))
	return t, nil
}

// one and oneDecimal add a column to a table of one row.
func (t *Table) one(name string, value int64) {
	t.Int(name, func(int) (int64, bool) { return value, true })
}

func (t *Table) oneDecimal(name, digits string) {
	t.Decimal(name, func(int) (string, bool) { return digits, true })
}

func always(values []int64) func(int) (int64, bool) {
	return func(i int) (int64, bool) { return values[i], true }
}

func nullable(values []store.NullInt) func(int) (int64, bool) {
	return func(i int) (int64, bool) { return values[i].Value, values[i].Valid }
}

func texts(values []*string) func(int) (string, bool) {
	return func(i int) (string, bool) {
		if values[i] == nil {
			return "", false
		}
		return *values[i], true
	}
}

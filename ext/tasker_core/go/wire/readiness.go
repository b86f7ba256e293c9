package wire

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

type taskReadiness struct {
	taskArguments
	mustExist
	rules
}

type readinessArguments struct {
	taskReadiness
	StepIDs idList `msgpack:"step_ids"`
}

// mustExist tells an unknown task from one of which there is nothing to say.
type mustExist struct {
	MustExist bool `msgpack:"must_exist"`
}

// check fails with a *operation.MissingError where there are no rows because there is no
// task, if that was asked.
func (m mustExist) check(c call, taskID int64, rows int) error {
	if rows > 0 || !m.MustExist {
		return nil
	}
	return operation.DemandTask(c.ctx, c.driver, taskID)
}

type batchArguments struct {
	TaskIDs idList `msgpack:"task_ids"`
	rules
}

// rules tells which version of the readiness functions applies.
type rules struct {
	FunctionVersion int `msgpack:"function_version"`
}

func (r rules) version() (readiness.Version, error) {
	switch version := readiness.Version(r.FunctionVersion); version {
	case readiness.V01, readiness.V02:
		return version, nil
	}
	return 0, Errorf(CodeInvalidArgument, "function_version is %d; it must be 1 or 2, ask readiness_version which one the database has", r.FunctionVersion)
}

func stepReadiness(c call, a readinessArguments) (any, error) {
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	if err := a.StepIDs.check("step_ids"); err != nil {
		return nil, err
	}
	rows, err := operation.StepReadinessOf(c.ctx, c.driver, version, taskID, a.StepIDs)
	if err != nil {
		return nil, err
	}
	return statusTable(rows), a.check(c, taskID, len(rows))
}

// ofTasks is an operation on many tasks at once.
func ofTasks[R any](ask func(context.Context, store.Driver, readiness.Version, []int64) ([]R, error),
	table func([]R) *Table) func(call, batchArguments) (any, error) {
	return func(c call, a batchArguments) (any, error) {
		version, err := a.version()
		if err != nil {
			return nil, err
		}
		ids, err := a.TaskIDs.of("task_ids")
		if err != nil {
			return nil, err
		}
		rows, err := ask(c.ctx, c.driver, version, ids)
		if err != nil {
			return nil, err
		}
		return table(rows), nil
	}
}

var (
	stepReadinessBatch    = ofTasks(operation.StepReadiness, statusTable)
	taskExecutionContexts = ofTasks(operation.TaskExecutionContexts, contextTable)
)

func viableSteps(c call, a taskReadiness) (any, error) {
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	ids, err := operation.ViableSteps(c.ctx, c.driver, version, taskID)
	if err != nil {
		return nil, err
	}
	return ids, a.check(c, taskID, len(ids))
}

func taskExecutionContext(c call, a taskReadiness) (any, error) {
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	rows, err := operation.TaskExecutionContext(c.ctx, c.driver, version, taskID)
	if err != nil {
		return nil, err
	}
	return contextTable(rows), a.check(c, taskID, len(rows))
}

func readinessVersion(c call, _ struct{}) (any, error) {
	return operation.ReadinessVersion(c.ctx, c.driver)
}

func statusTable(rows []readiness.Status) *Table {
	t := NewTable(len(rows))
	t.Int("workflow_step_id", func(i int) (int64, bool) { return rows[i].WorkflowStepID, true })
	t.Int("task_id", func(i int) (int64, bool) { return rows[i].TaskID, true })
	t.Int("named_step_id", func(i int) (int64, bool) { return int64(rows[i].NamedStepID), true })
	t.Text("name", func(i int) (string, bool) { return rows[i].Name, true })
	t.Text("current_state", func(i int) (string, bool) { return rows[i].CurrentState, true })
	t.Bool("dependencies_satisfied", func(i int) bool { return rows[i].DependenciesSatisfied })
	t.Bool("retry_eligible", func(i int) bool { return rows[i].RetryEligible })
	t.Bool("ready_for_execution", func(i int) bool { return rows[i].ReadyForExecution })
	t.Time("last_failure_at", func(i int) (int64, bool) { return rows[i].LastFailureAt.Value, rows[i].LastFailureAt.Valid })
	t.Time("next_retry_at", func(i int) (int64, bool) { return rows[i].NextRetryAt.Value, rows[i].NextRetryAt.Valid })
	t.Int("total_parents", func(i int) (int64, bool) { return int64(rows[i].TotalParents), true })
	t.Int("completed_parents", func(i int) (int64, bool) { return int64(rows[i].CompletedParents), true })
	t.Int("attempts", func(i int) (int64, bool) { return int64(rows[i].Attempts.Value), rows[i].Attempts.Valid })
	t.Int("retry_limit", func(i int) (int64, bool) { return int64(rows[i].RetryLimit), true })
	t.Int("backoff_request_seconds", func(i int) (int64, bool) {
		return int64(rows[i].BackoffRequestSeconds.Value), rows[i].BackoffRequestSeconds.Valid
	})
	t.Time("last_attempted_at", func(i int) (int64, bool) { return rows[i].LastAttemptedAt.Value, rows[i].LastAttemptedAt.Valid })
	return t
}

func contextTable(rows []readiness.Context) *Table {
	t := NewTable(len(rows))
	t.Int("task_id", func(i int) (int64, bool) { return rows[i].TaskID, true })
	t.Int("named_task_id", func(i int) (int64, bool) { return int64(rows[i].NamedTaskID), true })
	t.Text("status", func(i int) (string, bool) { return rows[i].Status, true })
	t.Int("total_steps", func(i int) (int64, bool) { return rows[i].TotalSteps, true })
	t.Int("pending_steps", func(i int) (int64, bool) { return rows[i].PendingSteps, true })
	t.Int("in_progress_steps", func(i int) (int64, bool) { return rows[i].InProgressSteps, true })
	t.Int("completed_steps", func(i int) (int64, bool) { return rows[i].CompletedSteps, true })
	t.Int("failed_steps", func(i int) (int64, bool) { return rows[i].FailedSteps, true })
	t.Int("ready_steps", func(i int) (int64, bool) { return rows[i].ReadySteps, true })
	t.Text("execution_status", func(i int) (string, bool) { return rows[i].ExecutionStatus, true })
	t.Text("recommended_action", func(i int) (string, bool) { return rows[i].RecommendedAction, true })
	t.Decimal("completion_percentage", func(i int) (string, bool) { return rows[i].CompletionPercentage, true })
	t.Text("health_status", func(i int) (string, bool) { return rows[i].HealthStatus, true })
	return t
}

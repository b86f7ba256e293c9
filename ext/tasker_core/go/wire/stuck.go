package wire

import (
	"strconv"
	"time"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// longestAge is far beyond any use, and still within what PostgreSQL subtracts
// from a time.
const longestAge = int64(100 * 365 * 24 * time.Hour / time.Microsecond)

type stuckArguments struct {
	OlderThan *int64 `msgpack:"older_than"` // microseconds
}

type resetArguments struct {
	stuckArguments
	LeaveTasks bool    `msgpack:"leave_tasks"`
	Now        *string `msgpack:"now"`
}

func (a stuckArguments) age() (int64, error) {
	if a.OlderThan == nil || *a.OlderThan < 0 || *a.OlderThan > longestAge {
		return 0, Errorf(CodeInvalidArgument, "older_than is %s; it must be from 0 up to 100 years, in microseconds", numberText(a.OlderThan))
	}
	return *a.OlderThan, nil
}

func numberText(number *int64) string {
	if number == nil {
		return "missing"
	}
	return strconv.FormatInt(*number, 10)
}

func stuckSteps(c call, a stuckArguments) (any, error) {
	age, err := a.age()
	if err != nil {
		return nil, err
	}
	steps, err := operation.StuckSteps(c.ctx, c.driver, age)
	if err != nil {
		return nil, err
	}
	return stuckStepsTable(steps), nil
}

func stuckTasks(c call, a stuckArguments) (any, error) {
	age, err := a.age()
	if err != nil {
		return nil, err
	}
	tasks, err := operation.StuckTasks(c.ctx, c.driver, age)
	if err != nil {
		return nil, err
	}
	t := NewTable(len(tasks.ID))
	t.Int("task_id", always(tasks.ID))
	t.Text("name", texts(tasks.Name))
	t.Time("since", nullable(tasks.Since))
	return t, nil
}

func resetStuck(c call, a resetArguments) (any, error) {
	age, err := a.age()
	if err != nil {
		return nil, err
	}
	request := operation.ResetRequest{OlderThan: age, Now: a.Now, LeaveTasks: a.LeaveTasks}
	reset, err := operation.ResetStuck(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	t := stuckStepsTable(reset.Steps)
	t.Text("state", texts(reset.Steps.State))
	return resetReply{Steps: t, TaskIDs: append([]int64{}, reset.TaskIDs...)}, nil
}

func stuckStepsTable(steps *store.StuckSteps) *Table {
	t := NewTable(len(steps.ID))
	t.Int("workflow_step_id", always(steps.ID))
	t.Int("task_id", always(steps.TaskID))
	t.Text("name", texts(steps.Name))
	t.Time("since", nullable(steps.Since))
	t.Int("attempts", nullable(steps.Attempts))
	t.Int("retry_limit", nullable(steps.RetryLimit))
	return t
}

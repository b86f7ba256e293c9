package wire

import (
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// taskProgress is nil for an unknown task.
func taskProgress(c call, a taskArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	p, err := operation.TaskProgress(c.ctx, c.driver, taskID)
	if err != nil || p == nil {
		return nil, err
	}
	return progressReply{Namespace: p.Namespace, Name: p.Name, Version: p.Version, State: p.State, Now: p.Now, Steps: progressTable(p.Steps)}, nil
}

func progressTable(steps []operation.StepProgress) *Table {
	number := func(get func(*operation.StepProgress) store.NullInt) func(int) (int64, bool) {
		return func(i int) (int64, bool) {
			value := get(&steps[i])
			return value.Value, value.Valid
		}
	}
	t := NewTable(len(steps))
	t.Int("workflow_step_id", func(i int) (int64, bool) { return steps[i].ID, true })
	t.Text("name", func(i int) (string, bool) { return steps[i].Name, true })
	t.Text("state", func(i int) (string, bool) { return steps[i].State, true })
	t.Int("attempts", func(i int) (int64, bool) { return steps[i].Attempts, true })
	t.Int("retry_limit", number(func(s *operation.StepProgress) store.NullInt { return s.RetryLimit }))
	t.Int("level", func(i int) (int64, bool) { return int64(steps[i].Level), true })
	t.Time("began_at", number(func(s *operation.StepProgress) store.NullInt { return s.Began }))
	t.Time("ended_at", number(func(s *operation.StepProgress) store.NullInt { return s.Ended }))
	t.Int("duration_micros", number(func(s *operation.StepProgress) store.NullInt { return s.Duration }))
	t.IDs("parent_step_ids", func(i int) []int64 { return steps[i].ParentIDs })
	return t
}

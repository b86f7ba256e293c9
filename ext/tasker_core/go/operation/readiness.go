package operation

import (
	"cmp"
	"context"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// StepReadiness judges the steps of the given tasks: the engine's functions
// get_step_readiness_status and ..._batch. The rows are ordered by step id, by the
// rules of version 1 by task id first, as its batch function has them. Unknown
// tasks have no steps.
func StepReadiness(ctx context.Context, driver store.Driver, version readiness.Version, taskIDs []int64) ([]readiness.Status, error) {
	snapshot, err := store.LoadSnapshots(ctx, driver, taskIDs, store.WithNames)
	if err != nil {
		return nil, err
	}
	rows := evaluate(version, snapshot)
	if version == readiness.V01 {
		slices.SortStableFunc(rows, func(a, b readiness.Status) int { return cmp.Compare(a.TaskID, b.TaskID) })
	}
	return rows, nil
}

// StepReadinessOf is StepReadiness for some steps of one task: none for an empty
// list, all for nil.
func StepReadinessOf(ctx context.Context, driver store.Driver, version readiness.Version, taskID int64, stepIDs []int64) ([]readiness.Status, error) {
	snapshot, err := store.LoadSnapshot(ctx, driver, taskID, store.WithNames)
	if err != nil {
		return nil, err
	}
	rows := evaluate(version, snapshot)
	if stepIDs == nil {
		return rows, nil
	}
	asked := slices.Sorted(slices.Values(stepIDs))
	return slices.DeleteFunc(rows, func(row readiness.Status) bool {
		_, found := slices.BinarySearch(asked, row.WorkflowStepID)
		return !found
	}), nil
}

// ViableSteps gives the ids of a task's steps that may run now, in ascending
// order.
func ViableSteps(ctx context.Context, driver store.Driver, version readiness.Version, taskID int64) ([]int64, error) {
	snapshot, err := store.LoadSnapshot(ctx, driver, taskID, 0)
	if err != nil {
		return nil, err
	}
	return readiness.AppendReady(version, snapshot.Now, inputs(snapshot), []int64{}), nil
}

// TaskExecutionContexts describes the progress of tasks, ordered by task id, as the engine's
// function get_task_execution_contexts_batch does. Unknown tasks get no row; an id given twice gets
// two.
func TaskExecutionContexts(ctx context.Context, driver store.Driver, version readiness.Version, taskIDs []int64) ([]readiness.Context, error) {
	snapshot, err := store.LoadSnapshots(ctx, driver, taskIDs, store.WithTasks)
	if err != nil {
		return nil, err
	}
	return contexts(version, snapshot, slices.Sorted(slices.Values(taskIDs))), nil
}

// TaskExecutionContext is TaskExecutionContexts for one task: one row, none for an unknown
// task. It stands for get_task_execution_context.
func TaskExecutionContext(ctx context.Context, driver store.Driver, version readiness.Version, taskID int64) ([]readiness.Context, error) {
	snapshot, err := store.LoadSnapshot(ctx, driver, taskID, store.WithTasks)
	if err != nil {
		return nil, err
	}
	return contexts(version, snapshot, []int64{taskID}), nil
}

func contexts(version readiness.Version, snapshot *store.Snapshot, taskIDs []int64) []readiness.Context {
	tallies := tally(snapshot, version)
	rows := make([]readiness.Context, 0, len(taskIDs))
	for _, id := range taskIDs {
		task, found := snapshot.Tasks[id]
		if !found {
			continue
		}
		counts := tallies[id]
		if counts == nil {
			counts = &readiness.Tally{}
		}
		rows = append(rows, counts.Context(readiness.TaskInput{TaskID: id, NamedTaskID: int32(task.NamedTaskID), State: text(task.State)}))
	}
	return rows
}

func tally(snapshot *store.Snapshot, version readiness.Version) map[int64]*readiness.Tally {
	tallies := make(map[int64]*readiness.Tally, len(snapshot.Tasks))
	var row readiness.Status
	for _, input := range inputs(snapshot) {
		counts := tallies[input.TaskID]
		if counts == nil {
			counts = &readiness.Tally{}
			tallies[input.TaskID] = counts
		}
		readiness.Evaluate(version, snapshot.Now, &input, &row)
		counts.Add(&row)
	}
	return tallies
}

func evaluate(version readiness.Version, snapshot *store.Snapshot) []readiness.Status {
	return readiness.EvaluateAll(version, snapshot.Now, inputs(snapshot), make([]readiness.Status, 0, len(snapshot.Steps)))
}

// inputs gives what readiness judges, a step each.
func inputs(snapshot *store.Snapshot) []readiness.StepInput {
	list := make([]readiness.StepInput, len(snapshot.Steps))
	for i := range list {
		step := &snapshot.Steps[i]
		list[i] = readiness.StepInput{
			WorkflowStepID:        step.ID,
			TaskID:                step.TaskID,
			NamedStepID:           int32(step.NamedStepID),
			Name:                  step.Name,
			State:                 text(step.State),
			StateCreatedAt:        micros(step.FailedAt),
			Attempts:              integer(step.Attempts),
			RetryLimit:            integer(step.RetryLimit),
			Retryable:             readiness.Some(step.Flags&store.FlagRetryable != 0),
			InProcess:             readiness.Some(step.Flags&store.FlagInProcess != 0),
			Processed:             readiness.Some(step.Flags&store.FlagProcessed != 0),
			BackoffRequestSeconds: integer(step.BackoffRequestSeconds),
			LastAttemptedAt:       micros(step.LastAttemptedAt),
		}
	}
	countParents(snapshot, list)
	return list
}

func countParents(snapshot *store.Snapshot, list []readiness.StepInput) {
	edges := &snapshot.Edges
	for i, parent := range edges.Parent {
		child, _ := snapshot.Index(edges.Child[i])
		list[child].TotalParents++
		state := edges.Outside[parent]
		if at, inside := snapshot.Index(parent); inside {
			state = snapshot.Steps[at].State
		}
		if state != nil && lifecycle.Satisfied(*state) {
			list[child].CompletedParents++
		}
	}
}

func text(value *string) readiness.Null[string] {
	if value == nil {
		return readiness.Null[string]{}
	}
	return readiness.Some(*value)
}

func integer(value store.NullInt) readiness.Null[int32] {
	return readiness.Null[int32]{Value: int32(value.Value), Valid: value.Valid}
}

func micros(value store.NullInt) readiness.Null[int64] {
	return readiness.Null[int64]{Value: value.Value, Valid: value.Valid}
}

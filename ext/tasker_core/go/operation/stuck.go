package operation

import (
	"context"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// What the audit rows and the results of a reset say.
const (
	stuckMetadata = `{"reset_by": "tasker_core", "reason": "stuck"}`
	stuckResults  = `{"error": "The worker of this step did not come back; the step was taken from it", ` +
		`"error_class": "TaskerCore::StuckStep", "backtrace": ""}`
)

// ResetRequest asks to set going again what workers that are gone left behind.
type ResetRequest struct {
	// OlderThan is in microseconds.
	OlderThan int64
	Now       *string
	// LeaveTasks leaves the tasks to the caller, who moves them through its own state machine.
	LeaveTasks bool
}

// Reset is what was set going again.
type Reset struct {
	Steps *store.StuckSteps
	// TaskIDs are the tasks that are pending now and have to be enqueued, in
	// ascending order; none where they were left to the caller.
	TaskIDs []int64
}

// StuckSteps gives the steps that are in_progress for longer than some
// microseconds, of tasks that are not closed.
func StuckSteps(ctx context.Context, driver store.Driver, olderThan int64) (*store.StuckSteps, error) {
	return store.FindStuckSteps(ctx, driver, olderThan)
}

// StuckTasks gives the tasks that are in_progress while none of their steps is, and
// to which nothing has happened for some microseconds: their run was cut short.
func StuckTasks(ctx context.Context, driver store.Driver, olderThan int64) (*store.StuckTasks, error) {
	return store.FindStuckTasks(ctx, driver, olderThan)
}

// ResetStuck takes stuck steps from their workers and sets their tasks, and those
// whose run was cut short, pending. A worker that comes back finds that its claim
// no longer holds.
func ResetStuck(ctx context.Context, driver store.Driver, request ResetRequest) (*Reset, error) {
	steps, err := store.ResetStuckSteps(ctx, driver, store.ResetSteps{
		OlderThan: request.OlderThan, Now: request.Now, Metadata: stuckMetadata, Results: stuckResults,
	})
	if err != nil {
		return nil, err
	}
	noteReset(ctx, steps)
	reset := &Reset{Steps: steps}
	if request.LeaveTasks {
		return reset, nil
	}
	// The steps were written a moment ago: what is found now was cut short.
	cut, err := store.FindStuckTasks(ctx, driver, request.OlderThan)
	if err != nil {
		return nil, err
	}
	reset.TaskIDs, err = setPending(ctx, driver, request.Now, slices.Concat(steps.TaskID, cut.ID))
	return reset, err
}

// noteReset notes the two changes of a step: it failed, and went back to pending where
// an attempt is left.
func noteReset(ctx context.Context, steps *store.StuckSteps) {
	for i, id := range steps.ID {
		noteStep(ctx, id, lifecycle.InProgress, lifecycle.Error)
		if state := steps.State[i]; state != nil && *state == lifecycle.Pending {
			noteStep(ctx, id, lifecycle.Error, lifecycle.Pending)
		}
	}
}

// setPending moves tasks to pending and gives those that are so then.
func setPending(ctx context.Context, driver store.Driver, now *string, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	results, err := TransitionMany(ctx, driver, TransitionRequest{
		Machine: lifecycle.Task, IDs: slices.Compact(ids), To: lifecycle.Pending, Metadata: stuckMetadata, Now: now,
	})
	if err != nil {
		return nil, err
	}
	var pending []int64
	for _, result := range results {
		if result.Allowed() || result.From == lifecycle.Pending {
			pending = append(pending, result.ID)
		}
	}
	return pending, nil
}

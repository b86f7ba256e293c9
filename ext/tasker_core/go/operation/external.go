package operation

import (
	"context"
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// ClaimRequest asks for steps on behalf of a worker that is no part of the
// workflow's host.
type ClaimRequest struct {
	Handlers store.StepHandlers
	Rules    readiness.Version
	Limit    int64
	// StartTasks also sets pending tasks of claimed steps in_progress; use it for tasks that only
	// workers run.
	StartTasks bool
	// ClaimID is noted with each claim, where it is given: who did not get the answer asks
	// again with the same one and gets what it holds.
	ClaimID string
	// Again also gives, first, what an earlier request of this id has claimed.
	Again bool
	Now   *string
}

// ClaimedStep is a step that the worker holds.
type ClaimedStep = store.WorkerStep

// claimRounds bounds how often a worker looks again where others were faster with all
// that it found: what it sees then is newer.
const claimRounds = 10

// ClaimReadySteps finds steps that can run and claims them, in the transaction of the driver.
// Failed steps whose backoff is over go back to pending first. It skips a step that another worker
// has locked, and leaves out one that another process claims at the same moment. An empty answer
// means that nothing is ready. After a lost answer, see ClaimRequest.Again, it returns the steps of
// that answer and claims nothing.
func ClaimReadySteps(ctx context.Context, core *Core, driver store.Driver, request ClaimRequest) ([]ClaimedStep, error) {
	if request.Again {
		held, err := store.HeldSteps(ctx, driver, request.Handlers, request.ClaimID)
		if err != nil || len(held) > 0 {
			return held, err
		}
	}
	for range claimRounds {
		found, err := store.LockReadySteps(ctx, driver, request.Handlers, int64(request.Rules), request.Limit)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		claimed, err := claimFound(ctx, core, driver, request, found)
		if err != nil || len(claimed) > 0 {
			return claimed, err
		}
	}
	return nil, nil
}

func claimFound(ctx context.Context, core *Core, driver store.Driver, request ClaimRequest, found []store.WorkerStep) ([]ClaimedStep, error) {
	if err := setPendingAgain(ctx, driver, request, found); err != nil {
		return nil, err
	}
	claimed := make([]ClaimedStep, 0, len(found))
	for _, step := range found {
		claim, err := claimForWorker(ctx, driver, step.ID, request)
		if err != nil {
			return nil, err
		}
		core.Sessions.stats.Claims.Add(1)
		if claim == nil || !claim.Token.Valid {
			core.Sessions.stats.ClaimsRefused.Add(1)
			continue
		}
		step.Token = claim.Token.Value
		claimed = append(claimed, step)
	}
	return claimed, startTasks(ctx, driver, request, claimed)
}

func claimForWorker(ctx context.Context, driver store.Driver, stepID int64, request ClaimRequest) (*store.Claim, error) {
	if request.ClaimID == "" {
		return claimStep(ctx, driver, stepID, request.Now)
	}
	claim, err := store.ClaimStepAs(ctx, driver, stepID, request.ClaimID, request.Now)
	return noteClaim(ctx, stepID, claim), err
}

func setPendingAgain(ctx context.Context, driver store.Driver, request ClaimRequest, found []store.WorkerStep) error {
	var failed []int64
	for _, step := range found {
		if step.State == lifecycle.Error {
			failed = append(failed, step.ID)
		}
	}
	return moveAll(ctx, driver, lifecycle.Step, failed, lifecycle.Pending, request.Now)
}

func startTasks(ctx context.Context, driver store.Driver, request ClaimRequest, claimed []ClaimedStep) error {
	var pending []int64
	for _, step := range claimed {
		if request.StartTasks && step.TaskState == lifecycle.Pending {
			pending = append(pending, step.TaskID)
		}
	}
	slices.Sort(pending)
	return moveAll(ctx, driver, lifecycle.Task, slices.Compact(pending), lifecycle.InProgress, request.Now)
}

func moveAll(ctx context.Context, driver store.Driver, machine lifecycle.Machine, ids []int64, to string, now *string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := TransitionMany(ctx, driver, TransitionRequest{Machine: machine, IDs: ids, To: to, Now: now, TellsRetries: true})
	return err
}

// FinishClaim records the outcome of a claimed step and tells the workflow's host.
// If the claim no longer holds, nothing is written and the answer is a conflict.
func FinishClaim(ctx context.Context, core *Core, driver store.Driver, taskID int64, finish store.Finish) (*FinishResult, error) {
	finished, err := finishStep(ctx, driver, finish)
	if err != nil {
		return nil, err
	}
	if !finished.RowID.Valid {
		core.Sessions.stats.Late.Add(1)
		return lateResult(finish.StepID, finished.State), nil
	}
	ours, err := store.NotifyStep(ctx, driver, store.ChannelFinished, taskID, finish.StepID)
	if err == nil && !ours {
		err = &StrangeStepError{StepID: finish.StepID, TaskID: taskID}
	}
	if err != nil {
		return nil, err
	}
	core.Sessions.stats.Finished.Add(1)
	return &FinishResult{Code: lifecycle.Allowed, RowID: finished.RowID.Value, SortKey: finished.SortKey.Value,
		TaskVersion: finished.TaskVersion.Value}, nil
}

// StrangeStepError says that a step is not one of the task that was named with it. What
// was written of it is to be rolled back.
type StrangeStepError struct{ StepID, TaskID int64 }

func (e *StrangeStepError) Error() string {
	return fmt.Sprintf("step %d is not a step of task %d; pass the task that was claimed with it", e.StepID, e.TaskID)
}

func lateResult(stepID int64, state string) *FinishResult {
	return &FinishResult{Code: lifecycle.Conflict,
		Message: fmt.Sprintf("step %d is now %s: it was changed while its handler ran; the result was not written", stepID, state)}
}

// RenewClaims tells that the worker which holds claims is alive, so that they do not
// count as stuck. It gives those that still hold: of the others the results would be
// refused. With stopping it tells their handlers that the worker is to end (ClaimState).
func RenewClaims(ctx context.Context, driver store.Driver, tokens []int64, stopping bool, now *string) ([]int64, error) {
	return store.RenewClaims(ctx, driver, tokens, stopping, now)
}

// BeginClaim asks whether a runner, in whatever process, may execute the handler of a
// claimed step: store.ClaimBegun for the first one and whenever that asks again,
// store.ClaimTaken for any other, store.ClaimLost where the claim no longer holds.
func BeginClaim(ctx context.Context, driver store.Driver, token int64, runner string) (string, error) {
	return store.BeginClaim(ctx, driver, token, runner)
}

// ClaimState tells a handler, in any process, the state of its step's claim: store.ClaimHeld,
// store.ClaimStopping or store.ClaimLost.
func ClaimState(ctx context.Context, driver store.Driver, token int64) (string, error) {
	return store.ClaimState(ctx, driver, token)
}

// FinalizeTask ends a task that only workers run, once no work is left: complete if every step is,
// error if a step has failed permanently. It returns the task's state.
func FinalizeTask(ctx context.Context, driver store.Driver, rules readiness.Version, taskID int64, now *string) (string, error) {
	snapshot, at, err := readTaskSnapshot(ctx, driver, taskID)
	if err != nil {
		return "", err
	}
	session, err := orchestration.New(orchestration.Options{Rules: rules, FinalWhenNotRetryable: true}, *snapshot)
	if err != nil {
		return "", err
	}
	state := snapshot.Task.State.Or(lifecycle.Pending)
	if state != lifecycle.InProgress {
		return state, nil
	}
	switch session.Context(at).ExecutionStatus {
	case readiness.AllComplete:
		return closeTask(ctx, driver, taskID, lifecycle.Complete, now)
	case readiness.BlockedByFailures:
		return closeTask(ctx, driver, taskID, lifecycle.Error, now)
	}
	return state, nil
}

// closeTask leaves the task to another process that was faster.
func closeTask(ctx context.Context, driver store.Driver, taskID int64, to string, now *string) (string, error) {
	write := TransitionOne
	if to == lifecycle.Complete {
		write = CompleteTask
	}
	result, err := write(ctx, driver, TransitionRequest{Machine: lifecycle.Task, IDs: []int64{taskID}, To: to, Now: now})
	if err != nil || !result.Allowed() {
		return result.current(), err
	}
	return to, nil
}

func (r *TransitionResult) current() string {
	if r == nil {
		return ""
	}
	return r.From
}

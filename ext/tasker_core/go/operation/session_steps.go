package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Codes of refused claims beside those of package lifecycle.
const (
	// TaskClosed: the task was completed, cancelled or resolved meanwhile.
	TaskClosed lifecycle.Code = "task_closed"
	// NotEligible: somebody works on the step, it waits, or it has no attempts left.
	NotEligible lifecycle.Code = "not_eligible"
)

// committed writes in a transaction and comes back when it holds: another thread
// that learned of the write from the session before the database has it would be
// refused, and would read a picture that lacks it.
func committed[T any](ctx context.Context, driver store.Driver, write func(store.Driver) (*T, error)) (result *T, err error) {
	err = store.InTransaction(ctx, driver, func(driver store.Driver) (err error) {
		result, err = write(driver)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// ClaimResult is what became of a claim.
type ClaimResult struct {
	Code    lifecycle.Code
	Message string
	Token   int64
	SortKey int64
	// Changed are those of the step and its parents whose row is not the one that
	// the session knew.
	Changed []int64
}

// SessionClaim claims a step for the run just before its handler starts. A
// refusal is an answer, not an error: the picture was stale.
func SessionClaim(ctx context.Context, core *Core, driver store.Driver, id, stepID int64, now *string) (*ClaimResult, error) {
	live, err := core.Sessions.find(id)
	if err != nil {
		return nil, err
	}
	claim, err := committed(ctx, driver, func(driver store.Driver) (*store.Claim, error) {
		return claimStep(ctx, driver, stepID, now)
	})
	if err != nil {
		return nil, err
	}
	if claim == nil {
		return nil, &MissingError{Machine: lifecycle.Step, ID: stepID}
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	core.Sessions.stats.Claims.Add(1)
	if !claim.Token.Valid {
		core.Sessions.stats.ClaimsRefused.Add(1)
		live.session.ClaimRefused()
		return refusal(stepID, claim), nil
	}
	result := &ClaimResult{Code: lifecycle.Allowed, Token: claim.Token.Value, SortKey: claim.SortKey.Value,
		Changed: live.session.Observe(claim.Versions)}
	return result, live.session.Claimed(stepID, claim.Token.Value)
}

func claimStep(ctx context.Context, driver store.Driver, stepID int64, now *string) (*store.Claim, error) {
	claim, err := store.ClaimStep(ctx, driver, stepID, now)
	if err == nil && claim != nil && claim.Token.Valid {
		noteStep(ctx, stepID, lifecycle.Pending, lifecycle.InProgress)
	}
	return claim, err
}

func finishStep(ctx context.Context, driver store.Driver, finish store.Finish) (*store.Finished, error) {
	finished, err := store.FinishStep(ctx, driver, finish)
	if err == nil && finished.RowID.Valid {
		noteStep(ctx, finish.StepID, lifecycle.InProgress, finish.To)
	}
	return finished, err
}

func refusal(stepID int64, claim *store.Claim) *ClaimResult {
	result := &ClaimResult{Changed: []int64{}}
	switch {
	case claim.State != lifecycle.Pending:
		result.Code = lifecycle.TransitionFailed
		result.Message = fmt.Sprintf("step %d is %s; it was changed by another process", stepID, claim.State)
	case lifecycle.Satisfied(claim.TaskState) || claim.TaskState == lifecycle.Cancelled:
		result.Code = TaskClosed
		result.Message = fmt.Sprintf("step %d is not started: its task is %s", stepID, claim.TaskState)
	case !claim.Guard:
		result.Code = lifecycle.GuardFailed
		result.Message = fmt.Sprintf("step %d waits for a parent that is not complete", stepID)
	case !claim.Eligible:
		result.Code = NotEligible
		result.Message = fmt.Sprintf("step %d cannot run now: it is in process, processed, waiting, or has no attempts left", stepID)
	default:
		result.Code = lifecycle.Conflict
		result.Message = fmt.Sprintf("step %d was claimed by another process at the same moment", stepID)
	}
	return result
}

// FinishRequest asks to record the outcome of a claimed step.
type FinishRequest struct {
	Session int64
	StepID  int64
	To      string // complete or error
	Now     *string
	Columns []store.Column
	// Attempt: see store.Finish.
	Attempt  bool
	Metadata string
}

// FinishResult is what became of it.
type FinishResult struct {
	Code    lifecycle.Code
	Message string
	RowID   int64
	SortKey int64
	// TaskVersion is the row version of the task, for a host that keeps a copy of it.
	TaskVersion int64
}

// SessionFinish writes the outcome of a step that the session has claimed, and
// frees what waited for it. If the claim no longer holds (the step timed out and
// was failed, or was changed from outside), nothing is written and the answer is
// a conflict.
func SessionFinish(ctx context.Context, core *Core, driver store.Driver, request FinishRequest) (*FinishResult, error) {
	live, err := core.Sessions.find(request.Session)
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	token, held := live.session.Token(request.StepID)
	live.mutex.Unlock()
	if !held {
		core.Sessions.stats.Late.Add(1)
		return &FinishResult{Code: lifecycle.Conflict, Message: fmt.Sprintf("this run no longer holds step %d; its result was not written", request.StepID)}, nil
	}
	finish := store.Finish{StepID: request.StepID, Token: token, To: request.To,
		Now: request.Now, Columns: request.Columns, Attempt: request.Attempt, Metadata: request.Metadata}
	finished, err := committed(ctx, driver, func(driver store.Driver) (*store.Finished, error) {
		return finishStep(ctx, driver, finish)
	})
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	if !finished.RowID.Valid {
		core.Sessions.stats.Late.Add(1)
		live.session.Refused(request.StepID)
		return lateResult(request.StepID, finished.State), nil
	}
	core.Sessions.stats.Finished.Add(1)
	return &FinishResult{Code: lifecycle.Allowed, RowID: finished.RowID.Value, SortKey: finished.SortKey.Value, TaskVersion: finished.TaskVersion.Value},
		live.session.Finished(request.StepID, outcome(request.To, finished))
}

func outcome(to string, f *store.Finished) orchestration.Outcome {
	return orchestration.Outcome{
		State: to, At: f.At, Version: f.Version,
		Attempts: integer(f.Attempts), RetryLimit: integer(f.RetryLimit),
		Retryable: f.Retryable, InProcess: f.InProcess, Processed: f.Processed,
		BackoffRequestSeconds: integer(f.BackoffRequestSeconds), LastAttemptedAt: micros(f.LastAttemptedAt),
	}
}

// SessionRetry moves a failed step back to pending, so that it can be claimed.
func SessionRetry(ctx context.Context, core *Core, driver store.Driver, id, stepID int64, now *string) (*TransitionResult, error) {
	live, err := core.Sessions.find(id)
	if err != nil {
		return nil, err
	}
	request := TransitionRequest{Machine: lifecycle.Step, IDs: []int64{stepID}, To: lifecycle.Pending, Now: now, TellsRetries: true}
	result, err := committed(ctx, driver, func(driver store.Driver) (*TransitionResult, error) {
		return TransitionOne(ctx, driver, request)
	})
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	if !result.Allowed() {
		live.session.ClaimRefused()
		return result, nil
	}
	return result, live.session.Retried(stepID)
}

// SessionRolledBack tells a session that the transaction of a claim or of a
// finish was rolled back, so that the picture is wrong. token is the claim that
// still holds after a finish was taken back, 0 where the claim itself was.
func SessionRolledBack(core *Core, id, stepID, token int64) error {
	live, err := core.Sessions.find(id)
	if err != nil {
		return err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	live.session.RolledBack(stepID, token)
	return nil
}

// StepStates are the states that the session knows, in the order of its steps.
func StepStates(steps []readiness.StepInput) []string {
	states := make([]string, len(steps))
	for i := range steps {
		states[i] = steps[i].State.Or(lifecycle.Pending)
	}
	return states
}

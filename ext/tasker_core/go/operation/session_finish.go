package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/store"
)

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
	// Claim is the step to claim with the completion; for complete alone.
	Claim store.NullInt
}

// FinishResult is the result of writing an outcome.
type FinishResult struct {
	Code    lifecycle.Code
	Message string
	RowID   int64
	SortKey int64
	// TaskVersion is the row version of the task, for a host that keeps a copy of it.
	TaskVersion int64
	// Claim is the result of the claim; nil if none was requested.
	Claim *ClaimResult
}

// SessionFinish writes the outcome of a step that the session has claimed, and
// frees what waited for it. If the claim no longer holds (the step timed out and
// was failed, or was changed from outside), nothing is written and the answer is
// a conflict.
//
// With the completion it claims another step where that can be had at once; where
// not, the completion is written all the same and the step is as ready as it was.
func SessionFinish(ctx context.Context, core *Core, driver store.Driver, request FinishRequest) (*FinishResult, error) {
	live, err := core.Sessions.find(request.Session)
	if err != nil {
		return nil, err
	}
	token, held := live.token(request.StepID)
	if !held {
		core.Sessions.stats.Late.Add(1)
		return notHeld(request.StepID).withoutClaim(request.Claim), nil
	}
	finish := store.Finish{StepID: request.StepID, Token: token, To: request.To, Now: request.Now, Columns: request.Columns,
		Attempt: request.Attempt, Metadata: request.Metadata, Claim: live.known(request.Claim)}
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
		return lateResult(request.StepID, finished.State).withoutClaim(request.Claim), nil
	}
	core.Sessions.stats.Finished.Add(1)
	if err := live.session.Finished(request.StepID, outcome(request.To, finished)); err != nil {
		return nil, err
	}
	result := &FinishResult{Code: lifecycle.Allowed, RowID: finished.RowID.Value, SortKey: finished.SortKey.Value, TaskVersion: finished.TaskVersion.Value}
	result.Claim, err = core.alsoClaimed(live, request.Claim, &finished.Claim)
	return result, err
}

// alsoClaimed notes a claim that was asked for with a completion. The caller has the
// session's lock.
func (c *Core) alsoClaimed(live *liveSession, asked store.NullInt, claim *store.Claim) (*ClaimResult, error) {
	if !asked.Valid {
		return nil, nil
	}
	c.Sessions.stats.Claims.Add(1)
	if !claim.Token.Valid {
		c.Sessions.stats.ClaimsRefused.Add(1)
		return notClaimed(), nil
	}
	return live.claimed(asked.Value, claim)
}

// withoutClaim adds to a refusal that the claim was not made either.
func (r *FinishResult) withoutClaim(asked store.NullInt) *FinishResult {
	if asked.Valid {
		r.Claim = notClaimed()
	}
	return r
}

func notClaimed() *ClaimResult { return &ClaimResult{Code: NotClaimed, Changed: []int64{}} }

func notHeld(stepID int64) *FinishResult {
	return &FinishResult{Code: lifecycle.Conflict,
		Message: fmt.Sprintf("this run no longer holds step %d; its result was not written", stepID)}
}

func finishStep(ctx context.Context, driver store.Driver, finish store.Finish) (*store.Finished, error) {
	finished, err := store.FinishStep(ctx, driver, finish)
	if err == nil && finished.RowID.Valid {
		noteStep(ctx, finish.StepID, lifecycle.InProgress, finish.To)
		if finished.Claim.Token.Valid {
			noteStep(ctx, finish.Claim.Value, lifecycle.Pending, lifecycle.InProgress)
		}
	}
	return finished, err
}

func outcome(to string, f *store.Finished) orchestration.Outcome {
	return orchestration.Outcome{
		State: to, At: f.At, Version: f.Version,
		Attempts: integer(f.Attempts), RetryLimit: integer(f.RetryLimit),
		Retryable: f.Retryable, InProcess: f.InProcess, Processed: f.Processed,
		BackoffRequestSeconds: integer(f.BackoffRequestSeconds), LastAttemptedAt: micros(f.LastAttemptedAt),
	}
}

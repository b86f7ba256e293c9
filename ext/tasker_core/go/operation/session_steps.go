package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Codes beside those of package lifecycle.
const (
	// TaskClosed: the task was completed, cancelled or resolved meanwhile.
	TaskClosed lifecycle.Code = "task_closed"
	// NotEligible: the step is being executed, is in backoff, or has no attempts left.
	NotEligible lifecycle.Code = "not_eligible"
	// NotClaimed: the step could not be claimed with the completion of another; it can
	// be claimed alone, or that says what is in the way.
	NotClaimed lifecycle.Code = "not_claimed"
	// NotWritten: a statement whose answer was lost has written nothing.
	NotWritten lifecycle.Code = "not_written"
)

// committed writes in a transaction and comes back when it holds: another thread
// that learned of the write from the session before the database has it would be
// refused, and would read a snapshot that lacks it.
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

// ClaimResult is the result of a claim.
type ClaimResult struct {
	Code    lifecycle.Code
	Message string
	Token   int64
	SortKey int64
	// Changed are those of the step and its parents whose row is not the one that
	// the session knew.
	Changed []int64
	// Follow is the step that can be claimed with this one's completion, see
	// orchestration.Session.Follow; 0 for none.
	Follow int64
}

// SessionClaim claims a step for the run just before its handler starts. A
// refusal is an answer, not an error: the snapshot was stale.
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
	return live.claimed(stepID, claim)
}

// claimed notes a claim. The caller has the lock.
func (l *liveSession) claimed(stepID int64, claim *store.Claim) (*ClaimResult, error) {
	changed := l.session.Observe(claim.Versions)
	if err := l.session.Claimed(stepID, claim.Token.Value); err != nil {
		return nil, err
	}
	return &ClaimResult{Code: lifecycle.Allowed, Token: claim.Token.Value, SortKey: claim.SortKey.Value,
		Changed: changed, Follow: l.session.Follow(stepID, l.now())}, nil
}

func claimStep(ctx context.Context, driver store.Driver, stepID int64, now *string) (*store.Claim, error) {
	claim, err := store.ClaimStep(ctx, driver, stepID, now)
	return noteClaim(ctx, stepID, claim), err
}

// noteClaim tells of a step that was claimed.
func noteClaim(ctx context.Context, stepID int64, claim *store.Claim) *store.Claim {
	if claim != nil && claim.Token.Valid {
		noteStep(ctx, stepID, lifecycle.Pending, lifecycle.InProgress)
	}
	return claim
}

func refusal(stepID int64, claim *store.Claim) *ClaimResult {
	result := &ClaimResult{Changed: []int64{}}
	switch {
	case claim.State != lifecycle.Pending:
		result.Code = lifecycle.TransitionFailed
		result.Message = changedByOthers(stepID, claim.State)
	case lifecycle.Satisfied(claim.TaskState) || claim.TaskState == lifecycle.Cancelled:
		result.Code = TaskClosed
		result.Message = fmt.Sprintf("step %d is not started: its task is %s", stepID, claim.TaskState)
	case !claim.Guard:
		result.Code = lifecycle.GuardFailed
		result.Message = fmt.Sprintf("step %d waits for a parent that is not complete", stepID)
	case !claim.Eligible:
		result.Code = NotEligible
		result.Message = fmt.Sprintf("step %d cannot run now: it is in process, processed, in backoff, or has no attempts left", stepID)
	default:
		result.Code = lifecycle.Conflict
		result.Message = fmt.Sprintf("step %d was claimed by another process at the same moment", stepID)
	}
	return result
}

func changedByOthers(stepID int64, state string) string {
	return fmt.Sprintf("step %d is %s; it was changed by another process", stepID, state)
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
// finish was rolled back, so that the snapshot is wrong. token is the claim that
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

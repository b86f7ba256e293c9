package operation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

// losing commits what it is asked to write, and loses the answer.
type losing struct{ *pool.Pool }

func (l losing) WithTransaction(ctx context.Context, do func(store.Driver) error) error {
	if err := l.Pool.WithTransaction(ctx, do); err != nil {
		return err
	}
	return &store.Error{SQLState: "08006", Message: "the connection was lost by the test"}
}

func (b testbed) loseClaim(t *testing.T, session, step int64) {
	t.Helper()
	var lost *store.Error
	_, err := operation.SessionClaim(ctx, b.core, losing{b.pool}, session, step, &written)
	require.ErrorAs(t, err, &lost)
}

func (b testbed) loseFinish(t *testing.T, request operation.FinishRequest) {
	t.Helper()
	var lost *store.Error
	_, err := operation.SessionFinish(ctx, b.core, losing{b.pool}, request)
	require.ErrorAs(t, err, &lost)
}

func (b testbed) settle(t *testing.T, request operation.SettleRequest) *operation.FinishResult {
	t.Helper()
	request.Now = written
	result, err := operation.SessionSettle(ctx, b.core, b.pool, request)
	require.NoError(t, err)
	return result
}

// settling asks for the result of a completion that claims another step.
func settling(session, step, claim int64) operation.SettleRequest {
	return operation.SettleRequest{Session: session, StepID: step, To: lifecycle.Complete, Claim: store.NullInt{Value: claim, Valid: true}}
}

func (b testbed) latest(t *testing.T, step int64) string {
	t.Helper()
	return b.text(t, `SELECT id::text FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1 AND most_recent`, step)
}

// refreshed reads strictly, as a host does where a session is stale.
func (b testbed) refreshed(t *testing.T, session int64) *operation.NextSteps {
	t.Helper()
	require.True(t, b.next(t, session).Stale, "the columns were not read")
	_, err := operation.RefreshSession(ctx, b.core, b.pool, session)
	require.NoError(t, err)
	return b.next(t, session)
}

func TestALostClaimThatWasWrittenHolds(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	b.loseClaim(t, session, steps[0])
	require.Equal(t, []int64{steps[0]}, b.next(t, session).Ready, "the session was not told")
	result := b.settle(t, operation.SettleRequest{Session: session, StepID: steps[0], To: lifecycle.InProgress})
	require.Equal(t, lifecycle.Allowed, result.Code)
	require.Equal(t, b.latest(t, steps[0]), *store.Int(result.RowID))
	require.Equal(t, int64(10), result.SortKey)
	require.Equal(t, b.text(t, `SELECT xmin::text FROM tasker_tasks WHERE task_id = $1`, task), *store.Int(result.TaskVersion))
	require.Nil(t, result.Claim)
	require.Empty(t, b.next(t, session).Ready)
	require.Empty(t, b.refreshed(t, session).Ready)
	require.Equal(t, lifecycle.Allowed, b.finishAndClaim(t, session, steps[0], steps[1]).Claim.Code, "the token is the session's")
}

func TestALostClaimThatWasNotWritten(t *testing.T) {
	b := newTestbed(t, 100)
	for name, c := range map[string]struct {
		before change
		code   lifecycle.Code
		stale  bool
	}{
		"in no state":         {before: func(*testing.T, testbed, int64, []int64) {}, code: operation.NotWritten},
		"pending":             {before: moved(0, "pending"), code: operation.NotWritten},
		"claimed by another":  {before: moved(0, "in_progress"), code: lifecycle.Conflict, stale: true},
		"cancelled":           {before: moved(0, "cancelled"), code: lifecycle.Conflict, stale: true},
		"cancelled just then": {before: both(moved(0, "cancelled"), justThen), code: lifecycle.Conflict, stale: true},
		"claimed before": {before: func(t *testing.T, b testbed, _ int64, steps []int64) {
			_, err := store.ClaimStep(ctx, bare{b.conn}, steps[0], &written)
			require.NoError(t, err)
			b.move(t, steps[0], "error")
			b.move(t, steps[0], "pending")
			b.move(t, steps[0], "in_progress")
		}, code: lifecycle.Conflict, stale: true},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.line(t, 1)
			session := b.open(t, task)
			c.before(t, b, task, steps)
			history := b.states(t, steps[0])
			result := b.settle(t, operation.SettleRequest{Session: session, StepID: steps[0], To: lifecycle.InProgress})
			require.Equal(t, c.code, result.Code)
			require.Zero(t, result.RowID)
			require.NotEmpty(t, result.Message)
			require.Equal(t, c.stale, b.next(t, session).Stale)
			require.Equal(t, history, b.states(t, steps[0]), "nothing is written")
			if c.code == operation.NotWritten {
				require.Equal(t, lifecycle.Allowed, b.claim(t, session, steps[0]).Code, "it can be repeated")
			}
		})
	}
}

// justThen gives all rows of the first step the time of the tests' statements.
func justThen(t *testing.T, b testbed, _ int64, steps []int64) {
	exec(t, b.conn, `UPDATE tasker_workflow_step_transitions SET created_at = $2::timestamp WHERE workflow_step_id = $1`, steps[0], written)
}

func TestALostCompletionThatWasWrittenIsKnownWithItsClaim(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 3)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	b.loseFinish(t, finishing(session, steps[0], steps[1]))
	result := b.settle(t, settling(session, steps[0], steps[1]))
	require.Equal(t, lifecycle.Allowed, result.Code)
	require.Equal(t, b.latest(t, steps[0]), *store.Int(result.RowID))
	require.Equal(t, int64(20), result.SortKey)
	require.Equal(t, lifecycle.Allowed, result.Claim.Code)
	require.Equal(t, b.latest(t, steps[1]), *store.Int(result.Claim.Token))
	require.Equal(t, int64(10), result.Claim.SortKey)
	require.Empty(t, result.Claim.Changed)
	require.Zero(t, result.Claim.Follow, "a stale snapshot promises nothing")
	require.Empty(t, b.next(t, session).Ready)
	require.Empty(t, b.refreshed(t, session).Ready)
	require.Equal(t, lifecycle.Allowed, b.finishAndClaim(t, session, steps[1], steps[2]).Claim.Code)
}

func TestALostOutcomeWithoutAClaimIsKnown(t *testing.T) {
	b := newTestbed(t, 10)
	for _, to := range []string{lifecycle.Complete, lifecycle.Error} {
		task, steps := b.line(t, 2)
		session := b.open(t, task)
		b.claim(t, session, steps[0])
		b.loseFinish(t, operation.FinishRequest{Session: session, StepID: steps[0], To: to, Now: &written, Attempt: true})
		result := b.settle(t, operation.SettleRequest{Session: session, StepID: steps[0], To: to})
		require.Equal(t, lifecycle.Allowed, result.Code)
		require.Nil(t, result.Claim)
		if to == lifecycle.Complete {
			require.Equal(t, steps[1:], b.refreshed(t, session).Ready)
		} else {
			require.Empty(t, b.refreshed(t, session).Ready)
		}
	}
}

// The claim that went with the completion was not made, or is somebody else's.
func TestALostCompletionThatClaimedNothing(t *testing.T) {
	b := newTestbed(t, 100)
	for name, c := range map[string]struct {
		before, after change
	}{
		"not possible":       {before: columns("retryable = false"), after: func(*testing.T, testbed, int64, []int64) {}},
		"claimed by another": {before: columns("retryable = false"), after: both(columns("retryable = true"), moved(1, "in_progress"))},
		"claimed by another just then": {before: columns("retryable = false"), after: func(t *testing.T, b testbed, _ int64, steps []int64) {
			columns("retryable = true")(t, b, 0, steps)
			_, err := store.ClaimStep(ctx, bare{b.conn}, steps[1], &written)
			require.NoError(t, err)
			require.Equal(t, "in_progress", b.states(t, steps[1]))
		}},
		"taken from it": {before: func(*testing.T, testbed, int64, []int64) {}, after: moved(1, "cancelled")},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.line(t, 2)
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			c.before(t, b, task, steps)
			b.loseFinish(t, finishing(session, steps[0], steps[1]))
			c.after(t, b, task, steps)
			result := b.settle(t, settling(session, steps[0], steps[1]))
			require.Equal(t, lifecycle.Allowed, result.Code)
			requireNotClaimed(t, result)
			b.refreshed(t, session)
		})
	}
}

func TestALostOutcomeThatWasNotWritten(t *testing.T) {
	b := newTestbed(t, 100)
	for name, c := range map[string]struct {
		before change
		code   lifecycle.Code
	}{
		"still in progress":                 {before: func(*testing.T, testbed, int64, []int64) {}, code: operation.NotWritten},
		"in progress since then":            {before: justThen, code: operation.NotWritten},
		"completed by another":              {before: moved(0, "complete"), code: lifecycle.Conflict},
		"cancelled just then":               {before: both(moved(0, "cancelled"), justThen), code: lifecycle.Conflict},
		"completed just then, but not next": {before: both(moved(0, "error", "pending", "in_progress", "complete"), justThen), code: lifecycle.Conflict},
		"taken by another":                  {before: moved(0, "error", "pending", "in_progress"), code: lifecycle.Conflict},
		"forgotten":                         {before: forgotten(0), code: lifecycle.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.line(t, 2)
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			c.before(t, b, task, steps)
			history := b.states(t, steps[0])
			result := b.settle(t, settling(session, steps[0], steps[1]))
			require.Equal(t, c.code, result.Code)
			require.Zero(t, result.RowID)
			require.NotEmpty(t, result.Message)
			requireNotClaimed(t, result)
			require.Equal(t, history, b.states(t, steps[0]))
			require.Equal(t, c.code == lifecycle.Conflict, b.next(t, session).Stale)
			again := b.finishAndClaim(t, session, steps[0], steps[1])
			if c.code == operation.NotWritten {
				require.Equal(t, lifecycle.Allowed, again.Claim.Code, "it can be repeated")
			} else {
				require.Contains(t, again.Message, "no longer holds")
			}
		})
	}
}

// The server may still be at work on a statement whose connection is lost. It comes
// through after it was settled as not written, and the repeated one is refused: settled
// once more, with the token that the session lost, it is known.
func TestAStatementThatComesThroughAfterItWasSettled(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	token := b.claim(t, session, steps[0]).Token
	holder, slow := b.connect(t), b.connect(t)
	exec(t, holder, "BEGIN")
	require.NoError(t, locking("tasker_workflow_step_transitions", 0, "UPDATE")(holder, steps))
	finish := store.Finish{StepID: steps[0], Token: token, To: lifecycle.Complete, Now: &written, Claim: store.NullInt{Value: steps[1], Valid: true}}
	wrote := make(chan error, 1)
	go func() {
		_, err := store.FinishStep(ctx, bare{slow}, finish)
		wrote <- err
	}()
	b.awaitWaiting(t, slow)
	require.Equal(t, operation.NotWritten, b.settle(t, settling(session, steps[0], steps[1])).Code)
	exec(t, holder, "ROLLBACK")
	require.NoError(t, <-wrote)

	require.Equal(t, lifecycle.Conflict, b.finishAndClaim(t, session, steps[0], 0).Code)
	require.Equal(t, lifecycle.Conflict, b.settle(t, settling(session, steps[0], steps[1])).Code, "the session has no token any more")
	once := settling(session, steps[0], steps[1])
	once.Token = store.NullInt{Value: token, Valid: true}
	result := b.settle(t, once)
	require.Equal(t, lifecycle.Allowed, result.Code)
	require.Equal(t, lifecycle.Allowed, result.Claim.Code)
	require.Empty(t, b.refreshed(t, session).Ready)
	require.Equal(t, lifecycle.Allowed, b.finish(t, session, steps[1], lifecycle.Complete).Code)
}

func TestWhatCannotBeSettled(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 1)
	session := b.open(t, task)
	exec(t, b.conn, `DELETE FROM tasker_workflow_steps`)
	var missing *operation.MissingError
	_, err := operation.SessionSettle(ctx, b.core, b.pool, operation.SettleRequest{Session: session, StepID: steps[0], To: lifecycle.InProgress, Now: written})
	require.ErrorAs(t, err, &missing)
	b.core.Sessions.Close(session)
	var gone *operation.SessionError
	_, err = operation.SessionSettle(ctx, b.core, b.pool, operation.SettleRequest{Session: session, StepID: steps[0], To: lifecycle.InProgress, Now: written})
	require.ErrorAs(t, err, &gone)
}

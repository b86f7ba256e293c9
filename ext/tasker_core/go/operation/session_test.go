package operation_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

var (
	ctx     = context.Background()
	options = orchestration.Options{Rules: readiness.V02, FinalWhenNotRetryable: true}
	written = "2026-01-02 03:04:05.678901"
)

func (b testbed) open(t *testing.T, task int64) int64 {
	t.Helper()
	view, err := operation.OpenSession(ctx, b.core, b.pool, options, task)
	require.NoError(t, err)
	return view.Session
}

func (b testbed) next(t *testing.T, session int64) *operation.NextSteps {
	t.Helper()
	next, err := operation.SessionNext(b.core, session)
	require.NoError(t, err)
	return next
}

// tryClaim and tryFinish run in a transaction each, as the hosts do.
func (b testbed) tryClaim(session, step int64) (*operation.ClaimResult, error) {
	return inTransaction(b, func(driver store.Driver) (*operation.ClaimResult, error) {
		return operation.SessionClaim(ctx, b.core, driver, session, step, &written)
	})
}

func (b testbed) tryFinish(request operation.FinishRequest) (*operation.FinishResult, error) {
	request.Now = &written
	return inTransaction(b, func(driver store.Driver) (*operation.FinishResult, error) {
		return operation.SessionFinish(ctx, b.core, driver, request)
	})
}

func inTransaction[T any](b testbed, do func(store.Driver) (T, error)) (result T, err error) {
	err = store.InTransaction(ctx, b.pool, func(driver store.Driver) (err error) {
		result, err = do(driver)
		return err
	})
	return result, err
}

func (b testbed) claim(t *testing.T, session, step int64) *operation.ClaimResult {
	t.Helper()
	claim, err := b.tryClaim(session, step)
	require.NoError(t, err)
	return claim
}

func (b testbed) finish(t *testing.T, session, step int64, to string) *operation.FinishResult {
	t.Helper()
	finish, err := b.tryFinish(operation.FinishRequest{
		Session: session, StepID: step, To: to,
		Columns: []store.Column{{Name: "attempts", Value: store.Text("1")}, {Name: "processed", Value: store.Text("t")},
			{Name: "results", Value: store.Text(`{"a":1}`)}, {Name: "last_attempted_at", Value: &written}},
	})
	require.NoError(t, err)
	return finish
}

func TestASessionRunsALineWithoutAQuestionInBetween(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 3)
	session := b.open(t, task)
	for _, step := range steps {
		require.Equal(t, []int64{step}, b.next(t, session).Ready)
		claim := b.claim(t, session, step)
		require.Equal(t, lifecycle.Allowed, claim.Code)
		require.Empty(t, claim.Changed, "nobody changed the step or its parents")
		require.Empty(t, b.next(t, session).Ready)
		finish := b.finish(t, session, step, lifecycle.Complete)
		require.Equal(t, lifecycle.Allowed, finish.Code)
		require.Equal(t, int64(20), finish.SortKey)
		require.Equal(t, "in_progress complete", b.states(t, step))
	}
	require.Equal(t, "1 true {\"a\": 1} 2026-01-02 03:04:05.678901", b.text(t, `SELECT attempts || ' ' || processed || ' ' || results || ' ' || updated_at
		FROM tasker_workflow_steps WHERE workflow_step_id = $1`, steps[2]))
	row, err := operation.SessionContext(b.core, session)
	require.NoError(t, err)
	require.Equal(t, readiness.AllComplete, row.ExecutionStatus)
	require.Equal(t, int64(1), b.core.Sessions.Stats().StrictReads.Load())
}

func TestAStepIsClaimedByOneOfManySessions(t *testing.T) {
	b := newTestbed(t, 100)
	task, steps := b.line(t, 1)
	claims := make([]*operation.ClaimResult, 20)
	var all sync.WaitGroup
	for i := range claims {
		session := b.open(t, task)
		all.Go(func() {
			claims[i], _ = b.tryClaim(session, steps[0])
		})
	}
	all.Wait()
	codes := map[lifecycle.Code]int{}
	for _, claim := range claims {
		require.NotNil(t, claim)
		codes[claim.Code]++
	}
	require.Equal(t, 1, codes[lifecycle.Allowed], codes)
	require.Equal(t, 19, codes[lifecycle.Conflict]+codes[lifecycle.TransitionFailed], codes)
	require.Equal(t, "in_progress", b.states(t, steps[0]))
}

func TestAResultIsWrittenOnceHoweverManyBringOne(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 1)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	results := make([]*operation.FinishResult, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			to := []string{lifecycle.Complete, lifecycle.Error}[i%2]
			results[i], _ = b.tryFinish(operation.FinishRequest{Session: session, StepID: steps[0], To: to})
		})
	}
	all.Wait()
	allowed := 0
	for _, result := range results {
		require.NotNil(t, result)
		if result.Code == lifecycle.Allowed {
			allowed++
		} else {
			require.Equal(t, lifecycle.Conflict, result.Code)
		}
	}
	require.Equal(t, 1, allowed)
	require.Equal(t, int64(7), b.core.Sessions.Stats().Late.Load())
}

func TestRefusalsSayWhatIsInTheWay(t *testing.T) {
	b := newTestbed(t, 10)
	cases := map[string]struct {
		before  func(task int64, steps []int64)
		step    int
		code    lifecycle.Code
		message string
	}{
		"cancelled step": {func(_ int64, steps []int64) { b.move(t, steps[0], "cancelled") }, 0,
			lifecycle.TransitionFailed, "is cancelled; it was changed by another process"},
		"open parent": {func(int64, []int64) {}, 1, lifecycle.GuardFailed, "waits for a parent that is not complete"},
		"cancelled task": {func(task int64, _ []int64) {
			exec(t, b.conn, `INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
				VALUES ($1, 'cancelled', 10, true, now(), now())`, task)
		}, 0, operation.TaskClosed, "its task is cancelled"},
		"no attempts left": {func(_ int64, steps []int64) {
			exec(t, b.conn, `UPDATE tasker_workflow_steps SET attempts = 3 WHERE workflow_step_id = $1`, steps[0])
		}, 0, operation.NotEligible, "has no attempts left"},
		"backoff": {func(_ int64, steps []int64) {
			exec(t, b.conn, `UPDATE tasker_workflow_steps SET backoff_request_seconds = 100, last_attempted_at = LOCALTIMESTAMP WHERE workflow_step_id = $1`, steps[0])
		}, 0, operation.NotEligible, "cannot run now"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			task, steps := b.line(t, 2)
			session := b.open(t, task)
			c.before(task, steps)
			history := b.states(t, steps[c.step])
			claim := b.claim(t, session, steps[c.step])
			require.Equal(t, c.code, claim.Code)
			require.Contains(t, claim.Message, c.message)
			require.Equal(t, history, b.states(t, steps[c.step]), "nothing is written")
			require.True(t, b.next(t, session).Stale)
			view, err := operation.RefreshSession(ctx, b.core, b.pool, session)
			require.NoError(t, err)
			require.False(t, b.next(t, session).Stale)
			require.Equal(t, session, view.Session)
		})
	}
}

func TestAResultIsRefusedWhereTheStepWasChanged(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 1)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	b.move(t, steps[0], "cancelled")
	late := b.finish(t, session, steps[0], lifecycle.Complete)
	require.Equal(t, lifecycle.Conflict, late.Code)
	require.Contains(t, late.Message, "is now cancelled")
	require.Equal(t, "in_progress cancelled", b.states(t, steps[0]))
	require.Equal(t, "0", b.text(t, `SELECT attempts::text FROM tasker_workflow_steps WHERE workflow_step_id = $1`, steps[0]))
	again := b.finish(t, session, steps[0], lifecycle.Complete)
	require.Contains(t, again.Message, "no longer holds")
}

func TestAClaimTellsWhichRowsWereEdited(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 3)
	session := b.open(t, task)
	for _, step := range steps[:2] {
		b.claim(t, session, step)
		b.finish(t, session, step, lifecycle.Complete)
	}
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET results = '{"edited":true}' WHERE task_id = $1`, task)
	require.Equal(t, steps[1:], b.claim(t, session, steps[2]).Changed, "the step and its parent")
}

func TestARolledBackFinishCanBeRepeated(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	claim := b.claim(t, session, steps[0])
	err := store.InTransaction(ctx, b.pool, func(driver store.Driver) error {
		_, err := operation.SessionFinish(ctx, b.core, driver, operation.FinishRequest{Session: session, StepID: steps[0], To: lifecycle.Complete, Now: &written})
		require.NoError(t, err)
		return context.Canceled
	})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, operation.SessionRolledBack(b.core, session, steps[0], claim.Token))
	require.True(t, b.next(t, session).Stale)
	require.Equal(t, lifecycle.Allowed, b.finish(t, session, steps[0], lifecycle.Error).Code)
	require.Equal(t, "in_progress error", b.states(t, steps[0]))
}

func TestSessionsHaveALimitAndAnEnd(t *testing.T) {
	b := newTestbed(t, 2)
	task, steps := b.line(t, 1)
	first := b.open(t, task)
	b.open(t, task)
	_, err := operation.OpenSession(ctx, b.core, b.pool, options, task)
	require.ErrorContains(t, err, "2 sessions are open, which is the limit")
	b.core.Sessions.Close(first)
	b.core.Sessions.Close(first)
	require.Equal(t, 1, b.core.Sessions.Count())
	b.open(t, task)
	var gone *operation.SessionError
	_, err = operation.SessionNext(b.core, first)
	require.ErrorAs(t, err, &gone)
	_, err = b.tryClaim(first, steps[0])
	require.ErrorAs(t, err, &gone)
	require.Empty(t, b.states(t, steps[0]), "a closed session claims nothing")
	_, err = operation.RefreshSession(ctx, b.core, b.pool, first)
	require.ErrorAs(t, err, &gone)
	require.ErrorAs(t, operation.SessionRolledBack(b.core, first, steps[0], 0), &gone)
}

func TestUnknownTasksAndStepsAreNamed(t *testing.T) {
	b := newTestbed(t, 10)
	var missing *operation.MissingError
	_, err := operation.OpenSession(ctx, b.core, b.pool, options, 404)
	require.ErrorAs(t, err, &missing)
	task, steps := b.line(t, 1)
	session := b.open(t, task)
	exec(t, b.conn, `DELETE FROM tasker_workflow_steps`)
	_, err = b.tryClaim(session, steps[0])
	require.ErrorAs(t, err, &missing)
	require.Equal(t, 1, b.core.Sessions.Count())
}

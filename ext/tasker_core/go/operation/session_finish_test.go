package operation_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// finishing is a completion that claims another step.
func finishing(session, step, claim int64) operation.FinishRequest {
	return operation.FinishRequest{Session: session, StepID: step, To: lifecycle.Complete, Now: &written, Attempt: true,
		Claim: store.NullInt{Value: claim, Valid: true}}
}

func (b testbed) finishAndClaim(t *testing.T, session, step, claim int64) *operation.FinishResult {
	t.Helper()
	result, err := b.tryFinish(finishing(session, step, claim))
	require.NoError(t, err)
	return result
}

func requireNotClaimed(t *testing.T, result *operation.FinishResult) {
	t.Helper()
	require.Equal(t, &operation.ClaimResult{Code: operation.NotClaimed, Changed: []int64{}}, result.Claim)
}

func TestALineRunsWithOneStatementForEachFurtherStep(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 4)
	session := b.open(t, task)
	claim := b.claim(t, session, steps[0])
	for i, step := range steps[:3] {
		require.Equal(t, steps[i+1], claim.Follow)
		finish := b.finishAndClaim(t, session, step, claim.Follow)
		require.Equal(t, lifecycle.Allowed, finish.Code)
		require.Equal(t, "in_progress complete", b.states(t, step))
		claim = finish.Claim
		require.Equal(t, lifecycle.Allowed, claim.Code)
		require.Equal(t, int64(10), claim.SortKey)
		require.Empty(t, claim.Changed)
		require.Equal(t, b.text(t, `SELECT id::text FROM tasker_workflow_step_transitions
			WHERE workflow_step_id = $1 AND most_recent AND to_state = 'in_progress' AND sort_key = 10
			AND created_at = $2::timestamp AND updated_at = created_at AND metadata = '{}' AND from_state IS NULL`,
			steps[i+1], written), *store.Int(claim.Token))
		require.Empty(t, b.next(t, session).Ready, "it runs already")
	}
	require.Zero(t, claim.Follow, "nothing waits for the last one")
	finish := b.finish(t, session, steps[3], lifecycle.Complete)
	require.Equal(t, lifecycle.Allowed, finish.Code)
	require.Nil(t, finish.Claim)
	row, err := operation.SessionContext(b.core, session)
	require.NoError(t, err)
	require.Equal(t, readiness.AllComplete, row.ExecutionStatus)
	stats := b.core.Sessions.Stats()
	require.Equal(t, [3]int64{1, 4, 0}, [3]int64{stats.StrictReads.Load(), stats.Claims.Load(), stats.ClaimsRefused.Load()})
}

// change is what somebody else does before a completion: to the task, and to its steps.
type change func(t *testing.T, b testbed, task int64, steps []int64)

func columns(assignments string) change {
	return func(t *testing.T, b testbed, _ int64, steps []int64) {
		exec(t, b.conn, `UPDATE tasker_workflow_steps SET `+assignments+` WHERE workflow_step_id = $1`, steps[1])
	}
}

func moved(step int, states ...string) change {
	return func(t *testing.T, b testbed, _ int64, steps []int64) {
		for _, state := range states {
			b.move(t, steps[step], state)
		}
	}
}

func forgotten(step int) change {
	return func(t *testing.T, b testbed, _ int64, steps []int64) { b.forget(t, steps[step]) }
}

func taskMoved(state string) change {
	return func(t *testing.T, b testbed, task int64, _ []int64) {
		exec(t, b.conn, `INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
			VALUES ($1, $2, 10, true, now(), now())`, task, state)
	}
}

// forget takes away all audit rows of a step.
func (b testbed) forget(t *testing.T, step int64) {
	t.Helper()
	exec(t, b.conn, `DELETE FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1`, step)
}

// Each condition of the claim by itself. The second of three steps waits for the first,
// which is finished, and for the third, which is complete. The completion is
// written whatever becomes of the claim.
func TestWhatIsClaimedWithACompletion(t *testing.T) {
	b := newTestbed(t, 1000)
	for name, c := range map[string]struct {
		before  change
		claimed bool
		changed bool
	}{
		"as it was":                         {claimed: true},
		"a parent that is not complete":     {before: moved(2, "in_progress")},
		"a parent that has failed":          {before: moved(2, "error")},
		"a parent in no state":              {before: forgotten(2)},
		"a parent that was resolved":        {before: moved(2, "resolved_manually"), claimed: true},
		"pending with a row":                {before: moved(1, "pending")},
		"in progress":                       {before: moved(1, "in_progress")},
		"failed":                            {before: moved(1, "in_progress", "error")},
		"complete":                          {before: moved(1, "complete")},
		"a row that is not the most recent": {before: buried(1)},
		"not retryable":                     {before: columns("retryable = false")},
		"processed":                         {before: columns("processed = true")},
		"in process":                        {before: columns("in_process = true")},
		"no attempt left":                   {before: columns("attempts = 3")},
		"the last attempt":                  {before: columns("attempts = 2")},
		"the last attempt by default":       {before: columns("attempts = 2, retry_limit = NULL")},
		"the only attempt":                  {before: columns("retry_limit = 1")},
		"an attempt to spare":               {before: columns("attempts = 1"), claimed: true, changed: true},
		"an attempt to spare by default":    {before: columns("attempts = NULL, retry_limit = NULL"), claimed: true, changed: true},
		"attempts that cannot be counted":   {before: columns("attempts = 2147483647, retry_limit = 2147483647")},
		"waiting":                           {before: columns("backoff_request_seconds = 1000, last_attempted_at = LOCALTIMESTAMP")},
		"waiting that is over":              {before: columns("backoff_request_seconds = 1, last_attempted_at = '2020-01-01'"), claimed: true, changed: true},
		"results that were edited":          {before: columns(`results = '{"edited":1}'`), claimed: true, changed: true},
		"a task that is complete":           {before: taskMoved("complete")},
		"a task that is cancelled":          {before: taskMoved("cancelled")},
		"a task that was resolved":          {before: taskMoved("resolved_manually")},
		"a task that is in progress":        {before: taskMoved("in_progress"), claimed: true},
		"a task that has failed":            {before: taskMoved("error"), claimed: true},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.workflow(t, 3, [2]int{0, 1}, [2]int{2, 1})
			b.move(t, steps[2], "complete")
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			if c.before != nil {
				c.before(t, b, task, steps)
			}
			before := b.states(t, steps[1])
			finish := b.finishAndClaim(t, session, steps[0], steps[1])
			require.Equal(t, lifecycle.Allowed, finish.Code)
			require.Equal(t, "in_progress complete", b.states(t, steps[0]))
			require.False(t, b.next(t, session).Stale, "a claim that was not made says nothing about the snapshot")
			if !c.claimed {
				requireNotClaimed(t, finish)
				require.Equal(t, before, b.states(t, steps[1]))
				require.Equal(t, []int64{steps[1]}, b.next(t, session).Ready, "as the session knows")
				return
			}
			require.Equal(t, lifecycle.Allowed, finish.Claim.Code)
			require.Equal(t, "in_progress", b.states(t, steps[1]))
			require.Empty(t, b.next(t, session).Ready)
			if c.changed {
				require.Equal(t, steps[1:2], finish.Claim.Changed)
			} else {
				require.Empty(t, finish.Claim.Changed)
			}
			require.Equal(t, lifecycle.Allowed, b.finish(t, session, steps[1], lifecycle.Complete).Code, "the claim holds")
		})
	}
}

// buried leaves a step with a row that is not the most recent one.
func buried(step int) change {
	return func(t *testing.T, b testbed, _ int64, steps []int64) {
		b.move(t, steps[step], "pending")
		exec(t, b.conn, `UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = $1`, steps[step])
	}
}

func TestStepsThatCannotBeClaimedWithACompletion(t *testing.T) {
	b := newTestbed(t, 10)
	_, others := b.line(t, 1)
	for name, claim := range map[string]int64{"itself": 0, "of another task": others[0], "unknown": math.MaxInt64} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.line(t, 2)
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			if claim == 0 {
				claim = steps[0]
			}
			finish := b.finishAndClaim(t, session, steps[0], claim)
			require.Equal(t, lifecycle.Allowed, finish.Code)
			requireNotClaimed(t, finish)
			require.Equal(t, "in_progress complete", b.states(t, steps[0]))
			require.Empty(t, b.states(t, others[0]))
		})
	}
}

// What the session checks before it asks, the database checks as well.
func TestTheDatabaseClaimsNoStepOfAnotherTask(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.workflow(t, 2)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	other, _ := b.workflow(t, 0)
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET task_id = $1 WHERE workflow_step_id = $2`, other, steps[1])
	requireNotClaimed(t, b.finishAndClaim(t, session, steps[0], steps[1]))
	require.Empty(t, b.states(t, steps[1]))
}

// A step that came to the task behind the session's back could not be finished by it.
func TestAStepThatTheSessionDoesNotKnowIsNotClaimed(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.workflow(t, 1)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	_, others := b.workflow(t, 1)
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET task_id = $1 WHERE workflow_step_id = $2`, task, others[0])
	requireNotClaimed(t, b.finishAndClaim(t, session, steps[0], others[0]))
	require.Empty(t, b.states(t, others[0]))
}

func TestAFailureClaimsNothing(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	request := finishing(session, steps[0], steps[1])
	request.To = lifecycle.Error
	finish, err := b.tryFinish(request)
	require.NoError(t, err)
	require.Equal(t, lifecycle.Allowed, finish.Code)
	requireNotClaimed(t, finish)
	require.Equal(t, "in_progress error", b.states(t, steps[0]))
	require.Empty(t, b.states(t, steps[1]))
}

func TestARefusedCompletionClaimsNothing(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.workflow(t, 2)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	b.move(t, steps[0], "cancelled")
	late := b.finishAndClaim(t, session, steps[0], steps[1])
	require.Equal(t, lifecycle.Conflict, late.Code)
	require.Contains(t, late.Message, "is now cancelled")
	requireNotClaimed(t, late)
	again := b.finishAndClaim(t, session, steps[0], steps[1])
	require.Contains(t, again.Message, "no longer holds")
	requireNotClaimed(t, again)
	require.Empty(t, b.states(t, steps[1]))
	require.Zero(t, b.core.Sessions.Stats().ClaimsRefused.Load(), "no claim was tried")
}

// The claimed step's other parents are looked at too: its handler reads them.
func TestAClaimWithACompletionTellsWhichParentsWereEdited(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.workflow(t, 4, [2]int{0, 3}, [2]int{1, 3}, [2]int{2, 3})
	session := b.open(t, task)
	for _, step := range steps[:3] {
		b.claim(t, session, step)
	}
	for _, step := range steps[:2] {
		b.finish(t, session, step, lifecycle.Complete)
	}
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET results = '{"edited":true}' WHERE workflow_step_id = ANY ($1)`, []int64{steps[1], steps[3]})
	finish := b.finishAndClaim(t, session, steps[2], steps[3])
	require.Equal(t, lifecycle.Allowed, finish.Claim.Code)
	require.Equal(t, []int64{steps[1], steps[3]}, finish.Claim.Changed)
}

// A claim that was rolled back with its completion is nobody's; both can be repeated.
func TestARolledBackCompletionTakesItsClaimBack(t *testing.T) {
	b := newTestbed(t, 10)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	token := b.claim(t, session, steps[0]).Token
	require.ErrorIs(t, store.InTransaction(ctx, b.pool, func(driver store.Driver) error {
		finish, err := operation.SessionFinish(ctx, b.core, driver, finishing(session, steps[0], steps[1]))
		require.NoError(t, err)
		require.Equal(t, lifecycle.Allowed, finish.Claim.Code)
		return errTakenBack
	}), errTakenBack)
	require.NoError(t, operation.SessionRolledBack(b.core, session, steps[1], 0))
	require.NoError(t, operation.SessionRolledBack(b.core, session, steps[0], token))
	require.Equal(t, []string{"in_progress", ""}, []string{b.states(t, steps[0]), b.states(t, steps[1])})
	_, err := operation.RefreshSession(ctx, b.core, b.pool, session)
	require.NoError(t, err)
	require.Equal(t, lifecycle.Allowed, b.finishAndClaim(t, session, steps[0], steps[1]).Claim.Code)
}

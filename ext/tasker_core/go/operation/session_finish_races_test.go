package operation_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// What is committed while the completion waits for its own step is taken into account.
func TestAClaimSeesWhatWasCommittedWhileTheCompletionWaited(t *testing.T) {
	b := newTestbed(t, 100)
	for name, c := range map[string]struct {
		change  change
		claimed bool
	}{
		"nothing":                  {change: func(*testing.T, testbed, int64, []int64) {}, claimed: true},
		"edited":                   {change: columns(`results = '{"edited":1}'`), claimed: true},
		"not retryable":            {change: columns("retryable = false")},
		"its last attempt":         {change: columns("attempts = 2")},
		"claimed":                  {change: moved(1, "in_progress")},
		"claimed and given back":   {change: moved(1, "in_progress", "error", "pending")},
		"edited and then claimed":  {change: both(columns(`results = '{}'`), moved(1, "in_progress"))},
		"of another task":          {change: takenAway},
		"deleted":                  {change: deleted},
		"deleted with its columns": {change: both(columns(`results = '{}'`), deleted)},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.workflow(t, 2)
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			holder, own := b.connect(t), b.connect(t)
			exec(t, holder, "BEGIN")
			require.NoError(t, locking("tasker_workflow_step_transitions", 0, "UPDATE")(holder, steps))
			var finish *operation.FinishResult
			finished := make(chan error, 1)
			go func() {
				var err error
				finish, err = operation.SessionFinish(ctx, b.core, bare{own}, finishing(session, steps[0], steps[1]))
				finished <- err
			}()
			b.awaitWaiting(t, own)
			c.change(t, b, task, steps)
			before := b.states(t, steps[1])
			exec(t, holder, "ROLLBACK")
			require.NoError(t, <-finished)
			require.Equal(t, lifecycle.Allowed, finish.Code)
			require.Equal(t, "in_progress complete", b.states(t, steps[0]))
			if !c.claimed {
				requireNotClaimed(t, finish)
				require.Equal(t, before, b.states(t, steps[1]))
				return
			}
			require.Equal(t, lifecycle.Allowed, finish.Claim.Code)
			if name == "edited" {
				require.Equal(t, steps[1:], finish.Claim.Changed, "its row is the one that was locked")
			}
		})
	}
}

func both(first, second change) change {
	return func(t *testing.T, b testbed, task int64, steps []int64) {
		first(t, b, task, steps)
		second(t, b, task, steps)
	}
}

func takenAway(t *testing.T, b testbed, _ int64, steps []int64) {
	other, _ := b.workflow(t, 0)
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET task_id = $1 WHERE workflow_step_id = $2`, other, steps[1])
}

func deleted(t *testing.T, b testbed, _ int64, steps []int64) {
	exec(t, b.conn, `DELETE FROM tasker_workflow_steps WHERE workflow_step_id = $1`, steps[1])
}

// Of two completions that want the same step one gets it, and both are written.
func TestTwoCompletionsThatWantOneStepAreBothWritten(t *testing.T) {
	b := newTestbed(t, 200)
	impatient := b.with(t, "-c deadlock_timeout=50ms")
	for range 30 {
		task, steps := b.workflow(t, 3)
		var results [2]*operation.FinishResult
		var errs [2]error
		var all sync.WaitGroup
		var sessions [2]int64
		for i := range results {
			sessions[i] = b.open(t, task)
			b.claim(t, sessions[i], steps[i])
		}
		for i := range results {
			all.Go(func() {
				results[i], errs[i] = operation.SessionFinish(ctx, b.core, impatient, finishing(sessions[i], steps[i], steps[2]))
			})
		}
		all.Wait()
		codes := map[lifecycle.Code]int{}
		for i, result := range results {
			require.NoError(t, errs[i])
			require.Equal(t, lifecycle.Allowed, result.Code)
			codes[result.Claim.Code]++
		}
		require.Equal(t, map[lifecycle.Code]int{lifecycle.Allowed: 1, operation.NotClaimed: 1}, codes)
		require.Equal(t, "in_progress", b.states(t, steps[2]))
	}
}

// Two parents that complete at once leave their child claimed or ready, never lost.
func TestTwoParentsThatCompleteAtOnceLeaveTheirChildToSomebody(t *testing.T) {
	b := newTestbed(t, 200)
	for range 20 {
		task, steps := b.workflow(t, 3, [2]int{0, 2}, [2]int{1, 2})
		session := b.open(t, task)
		b.claim(t, session, steps[0])
		b.claim(t, session, steps[1])
		var claimed [2]bool
		var all sync.WaitGroup
		for i := range claimed {
			all.Go(func() {
				result, err := b.tryFinish(finishing(session, steps[i], steps[2]))
				claimed[i] = err == nil && result.Claim.Code == lifecycle.Allowed
			})
		}
		all.Wait()
		require.False(t, claimed[0] && claimed[1])
		if claimed[0] || claimed[1] {
			require.Equal(t, "in_progress", b.states(t, steps[2]))
			continue
		}
		require.Equal(t, []int64{steps[2]}, b.next(t, session).Ready)
		require.Equal(t, lifecycle.Allowed, b.claim(t, session, steps[2]).Code)
	}
}

// A claim that cannot write its row clears no other, with or without a transaction
// around it.
func TestAClaimTakesEffectAsAWholeWithoutATransaction(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.workflow(t, 1)
	b.move(t, steps[0], "pending")
	other, own := b.connect(t), b.connect(t)
	exec(t, other, "BEGIN")
	require.NoError(t, running(0, `INSERT INTO tasker_workflow_step_transitions
		(workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at) VALUES ($1, 'error', 20, false, now(), now())`)(other, steps))
	claimed := make(chan error, 1)
	go func() {
		_, err := store.ClaimStep(ctx, bare{own}, steps[0], &written)
		claimed <- err
	}()
	b.awaitWaiting(t, own)
	exec(t, other, "COMMIT")
	require.ErrorContains(t, <-claimed, "23505")
	require.Equal(t, "pending", b.text(t, `SELECT to_state FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1 AND most_recent`, steps[0]))
}

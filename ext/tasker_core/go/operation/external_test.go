package operation_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// handlersFor name steps of the testbed's only task template.
func handlersFor(steps ...string) store.StepHandlers {
	handlers := store.StepHandlers{}
	for _, step := range steps {
		handlers.Namespaces, handlers.Tasks = append(handlers.Namespaces, "n"), append(handlers.Tasks, "t")
		handlers.Versions, handlers.Steps = append(handlers.Versions, ""), append(handlers.Steps, step)
	}
	return handlers
}

func (b testbed) claimReady(t *testing.T, request operation.ClaimRequest) []operation.ClaimedStep {
	t.Helper()
	claimed, err := b.tryClaimReady(request)
	require.NoError(t, err)
	return claimed
}

func (b testbed) tryClaimReady(request operation.ClaimRequest) ([]operation.ClaimedStep, error) {
	if request.Rules == 0 {
		request.Rules = readiness.V02
	}
	if request.Limit == 0 {
		request.Limit = 10
	}
	return inTransaction(b, func(driver store.Driver) ([]operation.ClaimedStep, error) {
		return operation.ClaimReadySteps(ctx, b.core, driver, request)
	})
}

func (b testbed) finishClaim(t *testing.T, step operation.ClaimedStep, to string, columns ...store.Column) *operation.FinishResult {
	t.Helper()
	result, err := inTransaction(b, func(driver store.Driver) (*operation.FinishResult, error) {
		return operation.FinishClaim(ctx, b.core, driver, step.TaskID, store.Finish{
			StepID: step.ID, Token: step.Token, To: to, Attempt: true,
			Columns: append(columns, store.Column{Name: "results", Value: store.Text(`{"n": 12345678901234567890.5}`)})})
	})
	require.NoError(t, err)
	return result
}

func (b testbed) finalize(t *testing.T, task int64) string {
	t.Helper()
	state, err := inTransaction(b, func(driver store.Driver) (string, error) {
		return operation.FinalizeTask(ctx, driver, readiness.V02, task, nil)
	})
	require.NoError(t, err)
	return state
}

func ids(steps []operation.ClaimedStep) []int64 {
	list := make([]int64, len(steps))
	for i, step := range steps {
		list[i] = step.ID
	}
	return list
}

func TestAWorkerClaimsWhatItHasHandlersFor(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.line(t, 3)
	assert.Empty(t, b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s2", "unknown")}), "it waits for its parent")
	exec(t, b.conn, `UPDATE tasker_tasks SET context = '{"amount": 10000000000000001}' WHERE task_id = $1`, task)

	first := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s2", "s1"), StartTasks: true})
	require.Equal(t, steps[:1], ids(first))
	assert.Equal(t, int64(1), first[0].Handler, "its place among the handlers")
	assert.Equal(t, `{"amount": 10000000000000001}`, *first[0].Context)
	assert.Nil(t, first[0].Parents)
	assert.Equal(t, "in_progress", b.text(t, `SELECT to_state FROM tasker_task_transitions WHERE task_id = $1 AND most_recent`, task))
	assert.Equal(t, lifecycle.Allowed, b.finishClaim(t, first[0], lifecycle.Complete).Code)

	second := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s2", "s1")})
	require.Equal(t, steps[1:2], ids(second))
	assert.JSONEq(t, `{"s1": {"n": 12345678901234567890.5}}`, *second[0].Parents)
	assert.Contains(t, *second[0].Parents, "12345678901234567890.5", "to the last digit")
	assert.Equal(t, "in_progress complete", b.states(t, steps[0]))
	assert.Equal(t, "1 f t", b.text(t, `SELECT attempts || ' ' || left(in_process::text, 1) || ' ' || left(processed::text, 1)
		FROM tasker_workflow_steps WHERE workflow_step_id = $1`, steps[0]))
}

func TestAVersionIsPreferredToAny(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	handlers := handlersFor("s1", "s1", "s1")
	handlers.Versions = []string{"", "9.9.9", "0.1.0"}
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlers})
	require.Equal(t, steps, ids(claimed), "once")
	assert.Equal(t, int64(2), claimed[0].Handler)
	assert.Equal(t, "0.1.0", claimed[0].Version)
}

func TestWorkersAtTheSameTimeClaimEachStepOnce(t *testing.T) {
	b := newTestbed(t, 1)
	for range 30 {
		b.line(t, 1)
	}
	var mutex sync.Mutex
	var all sync.WaitGroup
	seen := map[int64]int{}
	for range 6 {
		all.Go(func() {
			for {
				claimed, err := b.tryClaimReady(operation.ClaimRequest{Handlers: handlersFor("s1"), Limit: 2})
				if !assert.NoError(t, err) || len(claimed) == 0 {
					return
				}
				mutex.Lock()
				for _, step := range claimed {
					seen[step.ID]++
				}
				mutex.Unlock()
			}
		})
	}
	all.Wait()
	assert.Len(t, seen, 30)
	for id, times := range seen {
		assert.Equal(t, 1, times, "step %d", id)
	}
}

func TestALockedStepIsPassedOver(t *testing.T) {
	b := newTestbed(t, 1)
	_, first := b.line(t, 1)
	_, second := b.line(t, 1)
	require.NoError(t, store.InTransaction(ctx, b.pool, func(driver store.Driver) error {
		locked, err := store.LockReadySteps(ctx, driver, handlersFor("s1"), 2, 1)
		require.NoError(t, err)
		require.Equal(t, first[0], locked[0].ID)
		assert.Equal(t, second, ids(b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})))
		return nil
	}))
}

func TestAFailedStepIsClaimedAgainWhenItsWaitingTimeIsOver(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	again := operation.ClaimRequest{Handlers: handlersFor("s1")}
	claimed := b.claimReady(t, again)
	b.finishClaim(t, claimed[0], lifecycle.Error, store.Column{Name: "backoff_request_seconds", Value: store.Text("100")})
	exec(t, b.conn, `UPDATE tasker_workflow_step_transitions SET created_at = created_at - interval '1 minute'`)
	assert.Empty(t, b.claimReady(t, again), "it asked for 100 seconds")
	exec(t, b.conn, `UPDATE tasker_workflow_steps SET last_attempted_at = last_attempted_at - interval '100 seconds'`)

	claimed = b.claimReady(t, again)
	require.Equal(t, steps, ids(claimed))
	assert.Equal(t, int64(1), claimed[0].Attempts)
	assert.Equal(t, "in_progress error pending in_progress", b.states(t, steps[0]))
}

func TestStepsOfTasksThatAreClosedAreLeftAlone(t *testing.T) {
	b := newTestbed(t, 1)
	for _, state := range []string{"cancelled", "complete", "error", "resolved_manually"} {
		task, _ := b.line(t, 1)
		exec(t, b.conn, `INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
			VALUES ($1, $2, 10, true, now(), now())`, task, state)
	}
	assert.Empty(t, b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")}))
}

func TestALateResultOfAWorkerIsRefused(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})
	b.move(t, steps[0], "cancelled")
	result := b.finishClaim(t, claimed[0], lifecycle.Complete)
	assert.Equal(t, lifecycle.Conflict, result.Code)
	assert.Contains(t, result.Message, "is now cancelled")
	assert.Equal(t, "in_progress cancelled", b.states(t, steps[0]))
}

func TestAnOutcomeUnderAnothersTaskIsTakenBack(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	other, _ := b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1"), Limit: 1})[0]
	for _, task := range []int64{other, 404, -1} {
		_, err := inTransaction(b, func(driver store.Driver) (*operation.FinishResult, error) {
			return operation.FinishClaim(ctx, b.core, driver, task, store.Finish{StepID: claimed.ID, Token: claimed.Token, To: "complete", Attempt: true})
		})
		var strange *operation.StrangeStepError
		require.ErrorAs(t, err, &strange)
		assert.Equal(t, "in_progress", b.states(t, steps[0]))
	}
	assert.Equal(t, lifecycle.Allowed, b.finishClaim(t, claimed, lifecycle.Complete).Code)
	assert.Equal(t, int64(1), b.core.Sessions.Stats().Finished.Load())
}

func TestARenewedClaimIsNotStuck(t *testing.T) {
	b := newTestbed(t, 1)
	b.line(t, 1)
	_, lost := b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})
	exec(t, b.conn, `UPDATE tasker_workflow_step_transitions
		SET created_at = created_at - interval '1 hour', updated_at = updated_at - interval '1 hour'`)
	b.move(t, lost[0], "cancelled")
	const minute = 60_000_000
	stuck, err := operation.StuckSteps(ctx, b.pool, minute)
	require.NoError(t, err)
	require.Equal(t, []int64{claimed[0].ID}, stuck.ID)

	held, err := inTransaction(b, func(driver store.Driver) ([]int64, error) {
		return operation.RenewClaims(ctx, driver, []int64{claimed[0].Token, claimed[1].Token}, false, nil)
	})
	require.NoError(t, err)
	assert.Equal(t, []int64{claimed[0].Token}, held, "the other was taken from its worker")
	stuck, err = operation.StuckSteps(ctx, b.pool, minute)
	require.NoError(t, err)
	assert.Empty(t, stuck.ID)
	assert.Equal(t, lifecycle.Allowed, b.finishClaim(t, claimed[0], lifecycle.Complete).Code)
}

func TestOneRunnerBeginsAClaim(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})[0]
	begin := func(runner string) string {
		state, err := inTransaction(b, func(driver store.Driver) (string, error) {
			return operation.BeginClaim(ctx, driver, claimed.Token, runner)
		})
		require.NoError(t, err)
		return state
	}
	assert.Equal(t, store.ClaimBegun, begin("a"))
	assert.Equal(t, store.ClaimBegun, begin("a"), "its answer may have been lost")
	assert.Equal(t, store.ClaimTaken, begin("b"))
	b.move(t, steps[0], "cancelled")
	assert.Equal(t, store.ClaimLost, begin("a"))
}

func TestRunnersThatBeginTogetherAreOne(t *testing.T) {
	b := newTestbed(t, 4)
	b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})[0]
	states := make(chan string)
	for _, runner := range []string{"a", "b", "c", "d"} {
		go func() {
			state, err := inTransaction(b, func(driver store.Driver) (string, error) {
				return operation.BeginClaim(ctx, driver, claimed.Token, runner)
			})
			assert.NoError(t, err)
			states <- state
		}()
	}
	counts := map[string]int{}
	for range 4 {
		counts[<-states]++
	}
	assert.Equal(t, map[string]int{store.ClaimBegun: 1, store.ClaimTaken: 3}, counts)
}

func TestAClaimTellsHowItStands(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})[0]
	state := func() string {
		state, err := operation.ClaimState(ctx, b.pool, claimed.Token)
		require.NoError(t, err)
		return state
	}
	assert.Equal(t, store.ClaimHeld, state())
	_, err := inTransaction(b, func(driver store.Driver) ([]int64, error) {
		return operation.RenewClaims(ctx, driver, []int64{claimed.Token}, true, nil)
	})
	require.NoError(t, err)
	assert.Equal(t, store.ClaimStopping, state())
	b.move(t, steps[0], "pending")
	assert.Equal(t, store.ClaimLost, state())
}

func TestATaskThatNobodyElseRunsIsClosedByItsWorkers(t *testing.T) {
	b := newTestbed(t, 1)
	run := operation.ClaimRequest{Handlers: handlersFor("s1", "s2"), StartTasks: true}
	good, _ := b.line(t, 2)
	for _, state := range []string{"pending", "in_progress"} {
		assert.Equal(t, state, b.taskState(t, good))
		claimed := b.claimReady(t, run)
		require.Len(t, claimed, 1)
		assert.Equal(t, "in_progress", b.finalize(t, good))
		b.finishClaim(t, claimed[0], lifecycle.Complete)
	}
	assert.Equal(t, "complete", b.finalize(t, good))
	assert.Equal(t, "complete", b.finalize(t, good), "again")
	assert.Equal(t, "true", b.text(t, `SELECT complete::text FROM tasker_tasks WHERE task_id = $1`, good))

	bad, _ := b.line(t, 2)
	claimed := b.claimReady(t, run)
	b.finishClaim(t, claimed[0], lifecycle.Error, store.Column{Name: "retryable", Value: store.Text("false")})
	assert.Equal(t, "error", b.finalize(t, bad))
	assert.Equal(t, "error", b.taskState(t, bad))
}

func (b testbed) taskState(t *testing.T, task int64) string {
	t.Helper()
	return b.text(t, `SELECT coalesce((SELECT to_state FROM tasker_task_transitions WHERE task_id = $1 AND most_recent), 'pending')`, task)
}

func TestWorkersAreToldOfWhatHappens(t *testing.T) {
	b := newTestbed(t, 1)
	b.line(t, 1)
	channels := []string{store.ChannelReady, store.ChannelFinished}
	await := func(patience time.Duration) bool {
		heard, err := b.pool.Await(ctx, channels, patience)
		require.NoError(t, err)
		return heard
	}
	assert.True(t, await(0), "it begins to listen and does not know what was before")
	assert.False(t, await(0))
	exec(t, b.conn, `NOTIFY tasker_core_ready, '1'`)
	exec(t, b.conn, `NOTIFY tasker_core_ready, '2'`)
	assert.True(t, await(time.Minute))
	b.finishClaim(t, b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})[0], lifecycle.Complete)
	assert.True(t, await(time.Minute))
	assert.False(t, await(0), "nothing is told twice")

	exec(t, b.conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'`)
	_, err := b.pool.Await(ctx, channels, time.Minute)
	require.Error(t, err)
	assert.True(t, await(0), "it listens again")
	b.pool.Close()
	_, err = b.pool.Await(ctx, channels, time.Minute)
	require.Error(t, err)
}

func TestWhoseAnswerWasLostAsksAgainAndHoldsWhatItHeld(t *testing.T) {
	b := newTestbed(t, 1)
	for range 3 {
		task, _ := b.line(t, 2)
		exec(t, b.conn, `UPDATE tasker_tasks SET context = '{"n": 1}' WHERE task_id = $1`, task)
	}
	request := operation.ClaimRequest{Handlers: handlersFor("unknown", "s1"), Limit: 2, ClaimID: "a"}
	lost := b.claimReady(t, request)
	require.Len(t, lost, 2)
	metadata := `SELECT metadata::text FROM tasker_workflow_step_transitions WHERE id = $1`
	assert.JSONEq(t, `{"claim": "a"}`, b.text(t, metadata, lost[0].Token))

	request.Again = true
	again := b.claimReady(t, request)
	require.Len(t, again, 2)
	for i := range again {
		again[i].State, again[i].TaskState = lost[i].State, lost[i].TaskState
	}
	assert.Equal(t, lost, again, "with the same tokens, and no step more")
	other := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1"), ClaimID: "b", Again: true})
	require.Len(t, other, 1, "of another id it holds nothing, so it claims")

	assert.Equal(t, lifecycle.Allowed, b.finishClaim(t, again[0], lifecycle.Complete).Code)
	b.move(t, again[1].ID, "cancelled")
	assert.Empty(t, b.claimReady(t, request), "one is done, the other was taken from it")
}

func TestAClaimWithoutAnIDNotesNone(t *testing.T) {
	b := newTestbed(t, 1)
	b.line(t, 1)
	claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("s1")})
	require.Len(t, claimed, 1)
	assert.Equal(t, "{}", b.text(t, `SELECT metadata::text FROM tasker_workflow_step_transitions WHERE id = $1`, claimed[0].Token))
}

package operation_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

func stepRequest(to string, ids ...int64) operation.TransitionRequest {
	return operation.TransitionRequest{Machine: lifecycle.Step, IDs: ids, To: to, Metadata: "{}", Now: &written}
}

func (b testbed) transition(request operation.TransitionRequest) ([]operation.TransitionResult, error) {
	return inTransaction(b, func(driver store.Driver) ([]operation.TransitionResult, error) {
		return operation.TransitionMany(ctx, driver, request)
	})
}

func (b testbed) transitionOne(request operation.TransitionRequest) (*operation.TransitionResult, error) {
	return inTransaction(b, func(driver store.Driver) (*operation.TransitionResult, error) {
		return operation.TransitionOne(ctx, driver, request)
	})
}

func TestATransitionTellsWhatItWrote(t *testing.T) {
	b := newTestbed(t, 1)
	_, steps := b.line(t, 2)
	results, err := b.transition(stepRequest(lifecycle.InProgress, steps[1], steps[0], steps[0], -1))
	require.NoError(t, err)
	require.Len(t, results, 2)
	first, second := results[0], results[1]
	require.Equal(t, steps[0], first.ID)
	require.Equal(t, lifecycle.Allowed, first.Code)
	require.Equal(t, lifecycle.Pending, first.From)
	require.EqualValues(t, lifecycle.SortKeyIncrement, first.SortKey)
	require.Equal(t, "step.execution_requested", first.Event)
	require.Equal(t, lifecycle.GuardFailed, second.Code)
	require.Zero(t, second.RowID)
	require.Equal(t, "in_progress 10 t {} "+written, b.text(t, `SELECT concat_ws(' ', to_state, sort_key, most_recent, metadata, created_at)
		FROM tasker_workflow_step_transitions WHERE id = $1`, first.RowID))
	require.Empty(t, b.states(t, steps[1]))
}

func TestATransitionOfNothingSaysSo(t *testing.T) {
	b := newTestbed(t, 1)
	_, err := b.transitionOne(stepRequest(lifecycle.Cancelled, 404))
	var missing *operation.MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, int64(404), missing.ID)
	_, err = operation.PredictTransition(ctx, b.pool, lifecycle.Task, 404, lifecycle.Complete)
	require.ErrorAs(t, err, &missing)
}

func TestATaskIsCompleteWhenItsStepsAre(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.line(t, 2)
	request := operation.TransitionRequest{Machine: lifecycle.Task, IDs: []int64{task}, To: lifecycle.InProgress}
	one := func(to string) *operation.TransitionResult {
		request.To = to
		predicted, err := operation.PredictTransition(ctx, b.pool, lifecycle.Task, task, to)
		require.NoError(t, err)
		result, err := b.transitionOne(request)
		require.NoError(t, err)
		require.Equal(t, predicted.Code, result.Code)
		return result
	}
	require.Equal(t, lifecycle.Allowed, one(lifecycle.InProgress).Code)
	b.move(t, steps[0], lifecycle.Complete)
	require.Equal(t, lifecycle.GuardFailed, one(lifecycle.Complete).Code)
	b.move(t, steps[1], lifecycle.ResolvedManually)
	require.Equal(t, lifecycle.Allowed, one(lifecycle.Complete).Code)
	require.Equal(t, lifecycle.TransitionFailed, one(lifecycle.Complete).Code)
}

func (b testbed) completeTask(task int64) (*operation.TransitionResult, error) {
	return inTransaction(b, func(driver store.Driver) (*operation.TransitionResult, error) {
		return operation.CompleteTask(ctx, driver, operation.TransitionRequest{Machine: lifecycle.Task, IDs: []int64{task},
			To: lifecycle.Complete, Now: &written})
	})
}

func TestATaskAndItsColumnAreCompletedTogether(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.line(t, 1)
	column := func() string {
		return b.text(t, `SELECT concat_ws(' ', complete, updated_at = $2::timestamp) FROM tasker_tasks WHERE task_id = $1`, task, written)
	}
	refused := func(code lifecycle.Code) {
		result, err := b.completeTask(task)
		require.NoError(t, err)
		require.Equal(t, code, result.Code)
		require.Equal(t, "f f", column())
	}
	refused(lifecycle.TransitionFailed) // pending cannot become complete
	_, err := b.transitionOne(operation.TransitionRequest{Machine: lifecycle.Task, IDs: []int64{task}, To: lifecycle.InProgress})
	require.NoError(t, err)
	refused(lifecycle.GuardFailed)
	b.move(t, steps[0], lifecycle.Complete)
	result, err := b.completeTask(task)
	require.NoError(t, err)
	require.Equal(t, lifecycle.Allowed, result.Code)
	require.Equal(t, "t t", column())
	require.Equal(t, "complete "+written, b.text(t, `SELECT concat_ws(' ', to_state, created_at) FROM tasker_task_transitions
		WHERE id = $1 AND most_recent`, result.RowID))
	_, err = b.completeTask(404)
	var missing *operation.MissingError
	require.ErrorAs(t, err, &missing)
}

func TestOfManyWhoCompleteATaskOneDoes(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.line(t, 1)
	b.move(t, steps[0], lifecycle.Complete)
	_, err := b.transitionOne(operation.TransitionRequest{Machine: lifecycle.Task, IDs: []int64{task}, To: lifecycle.InProgress})
	require.NoError(t, err)
	codes := make([]lifecycle.Code, 8)
	var all sync.WaitGroup
	for racer := range codes {
		all.Go(func() {
			result, err := b.completeTask(task)
			if err != nil {
				t.Error(err)
				return
			}
			codes[racer] = result.Code
		})
	}
	all.Wait()
	won := 0
	for _, code := range codes {
		if code == lifecycle.Allowed {
			won++
		} else if code != lifecycle.Conflict && code != lifecycle.TransitionFailed {
			t.Errorf("a loser is told %s", code)
		}
	}
	require.Equal(t, 1, won)
	require.Equal(t, "1", b.text(t, `SELECT count(*)::text FROM tasker_task_transitions WHERE task_id = $1 AND to_state = 'complete'`, task))
}

// Many connections at once: for each step exactly one wins, and no audit trail has a
// gap, a repeat or two current rows.
func TestRacesHaveOneWinner(t *testing.T) {
	b := newTestbed(t, 1)
	const racers, count = 8, 30
	_, steps := b.line(t, count)
	for _, step := range steps[count/2:] {
		b.move(t, step, lifecycle.Pending)
	}
	won := make([]map[int64]int, racers)
	var all sync.WaitGroup
	for racer := range racers {
		won[racer] = map[int64]int{}
		all.Go(func() {
			for _, step := range steps {
				results, err := b.transition(stepRequest(lifecycle.Cancelled, step))
				if err == nil && results[0].Allowed() {
					won[racer][step]++
				} else if err == nil && results[0].Code != lifecycle.Conflict && results[0].Code != lifecycle.TransitionFailed {
					err = fmt.Errorf("step %d: %s", step, results[0].Code)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, step := range steps {
		total := 0
		for _, mine := range won {
			total += mine[step]
		}
		require.Equal(t, 1, total, "step %d", step)
	}
	require.Equal(t, "0", b.text(t, `SELECT count(*)::text FROM (
		SELECT *, row_number() OVER w AS place, count(*) OVER (PARTITION BY workflow_step_id) AS size
		FROM tasker_workflow_step_transitions WINDOW w AS (PARTITION BY workflow_step_id ORDER BY sort_key)) AS audit
		WHERE sort_key <> place * 10 OR most_recent <> (place = size)`))
}

var errTakenBack = errors.New("taken back")

// Random sequences in transactions, some of which are taken back, against a list of
// states for each step.
func TestSequencesFollowTheModel(t *testing.T) {
	b := newTestbed(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		const count = 3
		_, steps := b.line(t, count)
		model := make([][]string, count)
		for range rapid.IntRange(1, 4).Draw(r, "transactions") {
			after := make([][]string, count)
			for i := range model {
				after[i] = append([]string{}, model[i]...)
			}
			takenBack := rapid.Bool().Draw(r, "taken back")
			_, err := inTransaction(b, func(driver store.Driver) (any, error) {
				for range rapid.IntRange(1, 8).Draw(r, "moves") {
					moveBoth(r, driver, steps, after)
				}
				if takenBack {
					return nil, errTakenBack
				}
				return nil, nil
			})
			if takenBack {
				require.ErrorIs(r, err, errTakenBack)
			} else {
				require.NoError(r, err)
				model = after
			}
		}
		for i, step := range steps {
			require.Equal(r, strings.Join(model[i], " "), b.states(t, step))
		}
	})
}

// moveBoth moves some steps of a line in the database and in the model. The guards
// of one statement see the states before it.
func moveBoth(r *rapid.T, driver store.Driver, steps []int64, model [][]string) {
	to := rapid.SampledFrom(lifecycle.Step.States()).Draw(r, "to")
	chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(steps)-1), 1, len(steps), rapid.ID[int]).Draw(r, "steps")
	ids := make([]int64, len(chosen))
	for i, place := range chosen {
		ids[i] = steps[place]
	}
	expected := map[int64]lifecycle.Code{}
	for _, place := range chosen {
		ready := place == 0 || lifecycle.Satisfied(last(model[place-1]))
		expected[steps[place]] = lifecycle.Decide(lifecycle.Step, last(model[place]), to, ready).Code
	}
	results, err := operation.TransitionMany(ctx, driver, stepRequest(to, ids...))
	require.NoError(r, err)
	require.Len(r, results, len(ids))
	for _, result := range results {
		require.Equal(r, expected[result.ID], result.Code)
	}
	for _, place := range chosen {
		if expected[steps[place]] == lifecycle.Allowed {
			model[place] = append(model[place], to)
		}
	}
}

func last(history []string) string {
	if len(history) == 0 {
		return lifecycle.Pending
	}
	return history[len(history)-1]
}

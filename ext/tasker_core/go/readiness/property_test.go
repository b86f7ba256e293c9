package readiness_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func nullable[T any](values *rapid.Generator[T]) *rapid.Generator[readiness.Null[T]] {
	return rapid.Custom(func(t *rapid.T) readiness.Null[T] {
		if rapid.Bool().Draw(t, "null") {
			return readiness.Null[T]{}
		}
		return readiness.Some(values.Draw(t, "value"))
	})
}

var (
	versions = rapid.SampledFrom([]readiness.Version{readiness.V01, readiness.V02})
	numbers  = nullable(rapid.OneOf(rapid.Int32Range(-3, 7), rapid.Int32()))
	flags    = nullable(rapid.Bool())
	times    = nullable(rapid.OneOf(rapid.Int64Range(frozen-40_000_000, frozen+5_000_000), rapid.Int64()))
	states   = nullable(rapid.SampledFrom([]string{
		"pending", "in_progress", "complete", "error", "error", "cancelled", "resolved_manually", "paused", ""}))
	steps = rapid.Custom(func(t *rapid.T) readiness.StepInput {
		total := rapid.Int32Range(0, 3).Draw(t, "total")
		return readiness.StepInput{
			WorkflowStepID: rapid.Int64().Draw(t, "id"), TotalParents: total,
			CompletedParents: rapid.Int32Range(0, total).Draw(t, "completed"),
			State:            states.Draw(t, "state"), StateCreatedAt: times.Draw(t, "state created at"),
			Attempts: numbers.Draw(t, "attempts"), RetryLimit: numbers.Draw(t, "retry limit"),
			Retryable: flags.Draw(t, "retryable"), InProcess: flags.Draw(t, "in process"), Processed: flags.Draw(t, "processed"),
			BackoffRequestSeconds: numbers.Draw(t, "backoff"), LastAttemptedAt: times.Draw(t, "last attempted at"),
		}
	})
)

func TestReadyImpliesEachCondition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version, in := versions.Draw(t, "version"), steps.Draw(t, "step")
		row := evaluate(version, in)
		if !row.ReadyForExecution {
			return
		}
		require.True(t, row.DependenciesSatisfied)
		require.True(t, row.RetryEligible)
		require.Contains(t, []string{"pending", "error"}, row.CurrentState)
		require.Less(t, row.Attempts.Or(math.MaxInt32), row.RetryLimit)
		require.True(t, in.Retryable.Or(true) && !in.InProcess.Or(false) && !in.Processed.Or(false))
		require.True(t, !row.NextRetryAt.Valid || row.NextRetryAt.Value <= frozen)
	})
}

func TestTheVersionsDifferInNullAttemptsAndRetryEligibleOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := steps.Draw(t, "step")
		v01, v02 := evaluate(readiness.V01, in), evaluate(readiness.V02, in)
		if in.Attempts.Valid {
			require.Equal(t, v02.ReadyForExecution, v01.ReadyForExecution)
			require.True(t, v02.RetryEligible || !v01.RetryEligible, "v01 only adds conditions")
		} else {
			require.False(t, v01.ReadyForExecution)
			require.Equal(t, readiness.Some(int32(0)), v02.Attempts)
		}
		v01.RetryEligible, v01.ReadyForExecution, v01.Attempts = v02.RetryEligible, v02.ReadyForExecution, v02.Attempts
		require.Equal(t, v02, v01)
	})
}

func TestWaitingLongerNeverTakesReadinessAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version, in := versions.Draw(t, "version"), steps.Draw(t, "step")
		var now, then readiness.Status
		readiness.Evaluate(version, frozen, &in, &now)
		readiness.Evaluate(version, frozen+rapid.Int64Range(0, 1<<50).Draw(t, "wait"), &in, &then)
		require.True(t, then.ReadyForExecution || !now.ReadyForExecution)
		require.True(t, then.RetryEligible || !now.RetryEligible)
	})
}

func TestRowOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version, inputs := versions.Draw(t, "version"), rapid.SliceOfN(steps, 0, 12).Draw(t, "steps")
		shuffled := rapid.Permutation(inputs).Draw(t, "shuffled")
		require.ElementsMatch(t,
			readiness.EvaluateAll(version, frozen, inputs, nil), readiness.EvaluateAll(version, frozen, shuffled, nil))
		task := readiness.TaskInput{TaskID: 1}
		require.Equal(t,
			contextOf(version, frozen, task, inputs), contextOf(version, frozen, task, shuffled))
	})
}

func TestReadyIDsAgreeWithRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version, inputs := versions.Draw(t, "version"), rapid.SliceOfN(steps, 0, 12).Draw(t, "steps")
		rows := readiness.EvaluateAll(version, frozen, inputs, nil)
		var ready []int64
		for _, row := range rows {
			if row.ReadyForExecution {
				ready = append(ready, row.WorkflowStepID)
			}
		}
		require.Equal(t, ready, readiness.AppendReady(version, frozen, inputs, nil))
		require.Equal(t, int64(len(ready)), contextOf(version, frozen, readiness.TaskInput{}, inputs).ReadySteps)
	})
}

// big.Rat prints a quotient rounded half away from zero, as numeric does.
func TestPercentageIsTheRoundedQuotient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(1, 1_000_000).Draw(t, "total")
		completed := rapid.Int64Range(0, total).Draw(t, "completed")
		require.Equal(t, big.NewRat(100*completed, total).FloatString(2), readiness.Percentage(completed, total))
	})
}

package readiness_test

import (
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
)

func evaluate(version readiness.Version, in readiness.StepInput) readiness.Status {
	var row readiness.Status
	readiness.Evaluate(version, frozen, &in, &row)
	return row
}

func failed(attempts int32, at int64) readiness.StepInput {
	return readiness.StepInput{State: readiness.Some("error"), StateCreatedAt: readiness.Some(at),
		Attempts: readiness.Some(attempts), RetryLimit: readiness.Some(int32(math.MaxInt32))}
}

// The delays that PostgreSQL 15 gave for least(power(2, n) * interval '1 second',
// interval '30 seconds'), in microseconds; it raises for -2147483648, -1075 and
// from 44 on.
func TestFailureDelays(t *testing.T) {
	delays := map[int32]int64{
		math.MinInt32: 0, -1075: 0, -1074: 0, -21: 0, -20: 1, -19: 2, -18: 4, -17: 8, -16: 15, -15: 31, -14: 61,
		-13: 122, -12: 244, -11: 488, -10: 977, -9: 1953, -8: 3906, -7: 7812, -6: 15625, -1: 500_000,
		0: 1_000_000, 1: 2_000_000, 4: 16_000_000, 5: 30_000_000, 43: 30_000_000, 44: 30_000_000, math.MaxInt32: 30_000_000,
	}
	for attempts, delay := range delays {
		row := evaluate(readiness.V02, failed(attempts, frozen))
		require.Equal(t, readiness.Some(frozen+delay), row.NextRetryAt, "%d attempts", attempts)
	}
}

func TestTheDelayEndsOnTheMicrosecond(t *testing.T) {
	for _, version := range []readiness.Version{readiness.V01, readiness.V02} {
		require.True(t, evaluate(version, failed(2, frozen-4_000_000)).ReadyForExecution)
		require.False(t, evaluate(version, failed(2, frozen-3_999_999)).ReadyForExecution)
	}
}

func TestTimesStopAtInfinity(t *testing.T) {
	in := failed(1, math.MaxInt64-1)
	require.Equal(t, readiness.Some(int64(math.MaxInt64)), evaluate(readiness.V02, in).NextRetryAt)

	in.BackoffRequestSeconds = readiness.Some(int32(math.MinInt32))
	in.LastAttemptedAt = readiness.Some(int64(math.MinInt64 + 1))
	require.Equal(t, readiness.Some(int64(math.MinInt64)), evaluate(readiness.V02, in).NextRetryAt)

	in.LastAttemptedAt = readiness.Some(int64(math.MaxInt64))
	row := evaluate(readiness.V02, in)
	require.Equal(t, readiness.Some(int64(math.MaxInt64)), row.NextRetryAt, "infinity minus a time is infinity")
	require.False(t, row.ReadyForExecution)
}

func TestNullsInEveryColumn(t *testing.T) {
	v02 := evaluate(readiness.V02, readiness.StepInput{WorkflowStepID: 1})
	require.Equal(t, readiness.Status{WorkflowStepID: 1, CurrentState: "pending", DependenciesSatisfied: true,
		RetryEligible: true, ReadyForExecution: true, Attempts: readiness.Some(int32(0)), RetryLimit: 3}, v02)
	v01 := evaluate(readiness.V01, readiness.StepInput{WorkflowStepID: 1})
	require.Equal(t, readiness.Status{WorkflowStepID: 1, CurrentState: "pending", DependenciesSatisfied: true,
		RetryEligible: true, RetryLimit: 3}, v01, "NULL attempts are never ready in v01")
}

func TestAnUnknownStateIsHandedThrough(t *testing.T) {
	row := evaluate(readiness.V02, readiness.StepInput{State: readiness.Some("paused"), StateCreatedAt: readiness.Some(frozen)})
	require.Equal(t, "paused", row.CurrentState)
	require.False(t, row.ReadyForExecution)
	require.False(t, row.LastFailureAt.Valid)

	context := contextOf(readiness.V02, frozen, readiness.TaskInput{State: readiness.Some("paused")},
		[]readiness.StepInput{{State: readiness.Some("paused")}})
	require.Equal(t, "paused", context.Status)
	require.Equal(t, int64(1), context.TotalSteps)
	require.Equal(t, "waiting_for_dependencies", context.ExecutionStatus)
}

func TestNullAttemptsBlockInV02Only(t *testing.T) {
	steps := []readiness.StepInput{{State: readiness.Some("error"), RetryLimit: readiness.Some(int32(0))}}
	v01 := contextOf(readiness.V01, frozen, readiness.TaskInput{}, steps)
	require.Equal(t, "waiting_for_dependencies", v01.ExecutionStatus)
	require.Equal(t, "recovering", v01.HealthStatus)
	v02 := contextOf(readiness.V02, frozen, readiness.TaskInput{}, steps)
	require.Equal(t, "blocked_by_failures", v02.ExecutionStatus)
	require.Equal(t, "blocked", v02.HealthStatus)
}

func TestATaskWithoutSteps(t *testing.T) {
	require.Equal(t, readiness.Context{TaskID: 4, NamedTaskID: 2, Status: "pending",
		ExecutionStatus: "waiting_for_dependencies", RecommendedAction: "wait_for_dependencies",
		CompletionPercentage: "0.0", HealthStatus: "healthy",
	}, contextOf(readiness.V02, frozen, readiness.TaskInput{TaskID: 4, NamedTaskID: 2}, nil))
}

// What PostgreSQL 15 prints for the expression of the function.
func TestPercentages(t *testing.T) {
	for counts, want := range map[[2]int64]string{
		{0, 0}: "0.0", {0, 3}: "0.00", {1, 3}: "33.33", {2, 3}: "66.67", {3, 3}: "100.00",
		{1, 800}: "0.13", {3, 800}: "0.38", {1, 20_000}: "0.01", {1, 20_001}: "0.00",
		{99_999, 100_000}: "100.00", {1, 1_000}: "0.10", {1, 2_000_000}: "0.00",
	} {
		require.Equal(t, want, readiness.Percentage(counts[0], counts[1]), "%d of %d", counts[0], counts[1])
	}
}

func TestColumnNamesAreTheFields(t *testing.T) {
	capital := regexp.MustCompile(`([a-z])([A-Z])`)
	snakes := func(value any) []string {
		var names []string
		for field := range reflect.TypeOf(value).NumField() {
			name := strings.ReplaceAll(reflect.TypeOf(value).Field(field).Name, "ID", "Id")
			names = append(names, strings.ToLower(capital.ReplaceAllString(name, "${1}_$2")))
		}
		return names
	}
	require.Equal(t, readiness.StatusColumns[:], snakes(readiness.Status{}))
	require.Equal(t, readiness.ContextColumns[:], snakes(readiness.Context{}))
}

func TestVersionsHaveNames(t *testing.T) {
	require.Equal(t, "v01", readiness.V01.String())
	require.Equal(t, "v02", readiness.V02.String())
}

func TestJudgingAStepDoesNotAllocate(t *testing.T) {
	var row readiness.Status
	steps := []readiness.StepInput{failed(3, frozen), {}}
	rows, ids := make([]readiness.Status, 0, 2), make([]int64, 0, 2)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		readiness.Evaluate(readiness.V01, frozen, &steps[0], &row)
		readiness.EvaluateAll(readiness.V02, frozen, steps, rows)
		readiness.AppendReady(readiness.V02, frozen, steps, ids)
	}))
}

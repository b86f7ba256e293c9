package operation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// BenchmarkAFurtherStep is what the database does for each further step of a line:
// the completion of one step and the claim of the next, as two statements that commit
// each, or as one.
func BenchmarkAFurtherStep(b *testing.B) {
	b.Run("in two statements", func(b *testing.B) { benchmarkLine(b, false) })
	b.Run("in one statement", func(b *testing.B) { benchmarkLine(b, true) })
}

func benchmarkLine(b *testing.B, atOnce bool) {
	bed := newTestbed(b, 1)
	driver := bare{bed.conn}
	var steps []int64
	var token int64
	place := 0
	for b.Loop() {
		if place+1 >= len(steps) {
			b.StopTimer()
			_, steps = bed.line(b, 1000)
			place, token = 0, claimAlone(b, driver, steps[0])
			exec(b, bed.conn, "ANALYZE")
			b.StartTimer()
		}
		finish := store.Finish{StepID: steps[place], Token: token, To: lifecycle.Complete, Now: &written, Attempt: true,
			Columns: []store.Column{{Name: "results", Value: store.Text(`{"a": 1}`)}}}
		place++
		if atOnce {
			finish.Claim = store.NullInt{Value: steps[place], Valid: true}
		}
		finished, err := store.FinishStep(ctx, driver, finish)
		require.NoError(b, err)
		require.True(b, finished.RowID.Valid)
		if token = finished.Claim.Token.Value; !atOnce {
			token = claimAlone(b, driver, steps[place])
		}
		require.NotZero(b, token)
	}
}

func claimAlone(b *testing.B, driver store.Driver, step int64) int64 {
	claim, err := store.ClaimStep(ctx, driver, step, &written)
	require.NoError(b, err)
	return claim.Token.Value
}

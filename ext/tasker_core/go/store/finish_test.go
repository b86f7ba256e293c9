package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

var outcome = store.Finish{StepID: 7, Token: 90, To: "complete", Columns: []store.Column{
	{Name: "results", Value: store.Text("{}")}, {Name: `a "name"`}}}

func asked(t *testing.T, do func(store.Driver) error) *store.Statement {
	t.Helper()
	driver := host.New(nil)
	require.ErrorIs(t, do(driver), host.ErrParked)
	require.NotContains(t, driver.Pending().SQL, "{{")
	return driver.Pending()
}

func finishing(finish store.Finish) func(store.Driver) error {
	return func(driver store.Driver) error {
		_, err := store.FinishStep(ctx, driver, finish)
		return err
	}
}

func TestAClaimIsAPartOfTheStatementThatFinishes(t *testing.T) {
	alone := asked(t, finishing(outcome))
	require.True(t, alone.Write)
	require.Equal(t, "finish_step", alone.Name)
	require.Equal(t, row("7", "90", "complete", "NULL", "{}", "NULL", "{}"), alone.Params)
	require.Contains(t, alone.SQL, `, "a ""name""" = $6, "results" = $7`)
	require.NotContains(t, alone.SQL, "SKIP LOCKED")

	with := outcome
	with.Claim = store.NullInt{Value: 8, Valid: true}
	both := asked(t, finishing(with))
	require.True(t, both.Write)
	require.Equal(t, "finish_and_claim_step", both.Name)
	require.Equal(t, row("7", "90", "complete", "NULL", "{}", "8", "NULL", "{}"), both.Params)
	require.Contains(t, both.SQL, `, "a ""name""" = $7, "results" = $8`)
	require.Contains(t, both.SQL, "FOR UPDATE OF object SKIP LOCKED")
}

var (
	written = []string{"91", "20", "500", "1", "3", "true", "false", "true", "NULL", "0002832c1b2d1d80", "0002832c1b2d1d80", "in_progress", "600"}
	claimed = []string{"92", "10", "{8,9}", "{501,502}"}
	refused = []string{"NULL", "NULL", "NULL", "NULL"}
)

func TestTheAnswerOfAStatementThatFinishesAndClaims(t *testing.T) {
	with := outcome
	with.Claim = store.NullInt{Value: 8, Valid: true}
	finish := func(values ...string) (*store.Finished, error) {
		return store.FinishStep(ctx, host.New([]host.Answer{{Statement: "finish_and_claim_step", Rows: store.Rows{packed(values...)}}}), with)
	}
	finished, err := finish(append(written, claimed...)...)
	require.NoError(t, err)
	require.Equal(t, store.NullInt{Value: 91, Valid: true}, finished.RowID)
	require.Equal(t, store.NullInt{Value: 600, Valid: true}, finished.TaskVersion)
	require.Equal(t, store.Claim{Token: store.NullInt{Value: 92, Valid: true}, SortKey: store.NullInt{Value: 10, Valid: true},
		Versions: map[int64]int64{8: 501, 9: 502}}, finished.Claim)

	finished, err = finish(append(written, refused...)...)
	require.NoError(t, err)
	require.True(t, finished.RowID.Valid)
	require.False(t, finished.Claim.Token.Valid)

	var format *store.FormatError
	_, err = finish(written...)
	require.ErrorAs(t, err, &format, "columns are missing")
	_, err = finish(append(written, "92", "10", "{8,9}", "{501}")...)
	require.ErrorAs(t, err, &format, "uneven columns")
}

func TestSettlingReads(t *testing.T) {
	statement := asked(t, func(driver store.Driver) error {
		_, err := store.Settle(ctx, driver, store.Lost{StepID: 7, Now: "2026-01-02 03:04:05"})
		return err
	})
	require.False(t, statement.Write)
	require.Equal(t, row("7", "NULL", "2026-01-02 03:04:05", "NULL"), statement.Params)
}

func TestTheAnswerOfSettling(t *testing.T) {
	settle := func(rows ...[]*string) (*store.Settled, error) {
		return store.Settle(ctx, host.New([]host.Answer{{Statement: "settle_step", Rows: rows}}), store.Lost{})
	}
	settled, err := settle(packed("91", "20", "complete", "0002832c1b2d1d80", "true", "10", "false", "600", "92", "10", "{8}", "{501}"))
	require.NoError(t, err)
	at, err := store.Micros("0002832c1b2d1d80")
	require.NoError(t, err)
	require.Equal(t, &store.Settled{RowID: store.NullInt{Value: 91, Valid: true}, SortKey: store.NullInt{Value: 20, Valid: true},
		State: "complete", At: store.NullInt{Value: at, Valid: true}, OfThen: true,
		TokenSortKey: store.NullInt{Value: 10, Valid: true}, TaskVersion: 600,
		Claim: store.Claim{Token: store.NullInt{Value: 92, Valid: true}, SortKey: store.NullInt{Value: 10, Valid: true},
			Versions: map[int64]int64{8: 501}}}, settled)

	settled, err = settle()
	require.NoError(t, err)
	require.Nil(t, settled, "an unknown step")
	_, err = settle(packed("91"))
	require.ErrorAs(t, err, new(*store.FormatError))
}

package store_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

var ctx = context.Background()

func row(values ...string) []*string {
	texts := make([]*string, len(values))
	for i, value := range values {
		if value != "NULL" {
			texts[i] = &value
		}
	}
	return texts
}

// packed is a row as one array of texts.
func packed(values ...string) []*string {
	elements := make([]string, len(values))
	for i, value := range values {
		elements[i] = value
		if value != "NULL" {
			elements[i] = strconv.Quote(value)
		}
	}
	return row("{" + strings.Join(elements, ",") + "}")
}

func answered(rows ...[]*string) *host.Driver {
	return host.New([]host.Answer{{Statement: "transition_step", Rows: rows}})
}

var wish = store.Transition{Machine: "step", IDs: []int64{7, 8}, Sources: []string{"pending"}, To: "in_progress", Guarded: true}

func TestATransitionIsOneWritingStatement(t *testing.T) {
	driver := host.New(nil)
	_, err := store.WriteTransition(ctx, driver, wish)
	require.ErrorIs(t, err, host.ErrParked)
	statement := driver.Pending()
	require.True(t, statement.Write)
	require.Equal(t, "transition_step", statement.Name)
	require.Equal(t, row("{7,8}", `{"pending"}`, "in_progress", "{}", "NULL"), statement.Params)
	require.NotContains(t, statement.SQL, "{{")
	require.Contains(t, statement.SQL, "FOR UPDATE")
	require.Contains(t, statement.SQL, "ON CONFLICT DO NOTHING")
}

func TestTheRowsOfATransitionAreRead(t *testing.T) {
	rows, err := store.WriteTransition(ctx, answered(packed("{7,8}", "{pending,error}", "{1,0}", "{90,NULL}", "{10,NULL}", "0")), wish)
	require.NoError(t, err)
	require.Equal(t, []store.TransitionRow{
		{ID: 7, State: "pending", Guard: true, RowID: store.NullInt{Value: 90, Valid: true}, SortKey: store.NullInt{Value: 10, Valid: true}},
		{ID: 8, State: "error"},
	}, rows)
	rows, err = store.WriteTransition(ctx, answered(packed("NULL", "NULL", "NULL", "NULL", "NULL", "0")), wish)
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestAClearedRowWithoutANewOneIsAnError(t *testing.T) {
	for _, unpaired := range []string{"1", "NULL"} {
		_, err := store.WriteTransition(ctx, answered(packed("{7}", "{pending}", "{1}", "{NULL}", "{NULL}", unpaired)), wish)
		var broken *store.UnpairedError
		require.ErrorAs(t, err, &broken)
		require.Equal(t, []int64{7, 8}, broken.IDs)
		require.Contains(t, err.Error(), "must be rolled back")
	}
}

func TestDamagedAnswersAreErrors(t *testing.T) {
	for name, rows := range map[string][][]*string{
		"no row":           {},
		"two rows":         {packed("NULL", "NULL", "NULL", "NULL", "NULL", "0"), packed("NULL", "NULL", "NULL", "NULL", "NULL", "0")},
		"a column missing": {packed("{7}", "{pending}", "{1}", "{1}", "0")},
		"uneven columns":   {packed("{7,8}", "{pending}", "{1}", "{1}", "{10}", "0")},
		"no array":         {packed("7", "{pending}", "{1}", "{1}", "{10}", "0")},
		"no number":        {packed("{7}", "{pending}", "{1}", "{one}", "{10}", "0")},
	} {
		_, err := store.WriteTransition(ctx, answered(rows...), wish)
		var format *store.FormatError
		require.ErrorAs(t, err, &format, name)
	}
}

func TestTheSortKeysDistanceIsTheMachines(t *testing.T) {
	driver := host.New(nil)
	_, err := store.WriteTransition(ctx, driver, wish)
	require.ErrorIs(t, err, host.ErrParked)
	require.Equal(t, 10, lifecycle.SortKeyIncrement)
	require.Contains(t, driver.Pending().SQL, "coalesce(max(sort_key), 0) + 10 FROM")
}

func TestOneTransitionIsOneText(t *testing.T) {
	for text, want := range map[string]*store.TransitionRow{
		"7,1,1,90,10 pending": {ID: 7, State: "pending", Guard: true, RowID: store.NullInt{Value: 90, Valid: true},
			SortKey: store.NullInt{Value: 10, Valid: true}},
		"7,0,0 odd, state": {ID: 7, State: "odd, state"},
		"7,1,0 ":           {ID: 7, Guard: true},
	} {
		row, err := store.WriteOne(ctx, answered(row(text)), wish, 7)
		require.NoError(t, err)
		require.Equal(t, want, row)
	}
	row, err := store.WriteOne(ctx, answered(), wish, 7)
	require.NoError(t, err)
	require.Nil(t, row)
}

func TestOneTransitionOfADamagedAnswerIsAnError(t *testing.T) {
	for _, text := range []string{"", "7", "7,1", "7,1,1,90", "7,1,1,90,10", "x,1,1 pending", "7,1,0,90, pending"} {
		_, err := store.WriteOne(ctx, answered(row(text)), wish, 7)
		var format *store.FormatError
		require.ErrorAs(t, err, &format, text)
	}
	_, err := store.WriteOne(ctx, answered(row("7,1,1 pending")), wish, 7)
	var broken *store.UnpairedError
	require.ErrorAs(t, err, &broken)
}

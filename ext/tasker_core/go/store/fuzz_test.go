package store_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

// seeds are arrays as PostgreSQL writes them, and what a damaged answer could hold.
var seeds = []string{
	"{}", "{1}", "{1,-2,9223372036854775807,-9223372036854775808}", "{NULL}", "{1,NULL,2}", `{a,"b c","","NULL",NULL}`,
	`{"\"","\\","a\\\"b"}`, "{ä,日本}", "{00005AF3107A4000,7FFFFFFFFFFFFFFF}", "{0002832c1b2d1d80,8000000000000000,NULL}",
	"", "{", "}", "{,}", "{1,}", "{,1}", "{1,,2}", `{"a}`, `{"a"b}`, `{"\`, "{{1},{2}}", "[0:1]={1,2}", "{9223372036854775808}",
	"{1.5}", "{ 1}", "{\x00}", "{\xff}", "null",
}

func addSeeds(f *testing.F) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
}

// check holds a decoder to its promises on any text: no panic, an error that is a
// *FormatError, and otherwise values which, written as PostgreSQL writes them, give
// the same values again.
func check[T any](t *testing.T, text string, parse func(*string) ([]T, error), write func(T) string) {
	t.Helper()
	values, err := parse(&text)
	if err != nil {
		var format *store.FormatError
		require.True(t, errors.As(err, &format), "%T", err)
		return
	}
	again, err := parse(array(values, write))
	require.NoError(t, err)
	require.Equal(t, len(values), len(again))
	for i := range values {
		require.Equal(t, values[i], again[i])
	}
}

func array[T any](values []T, write func(T) string) *string {
	elements := make([]string, len(values))
	for i, value := range values {
		elements[i] = write(value)
	}
	return store.Text("{" + strings.Join(elements, ",") + "}")
}

func writeID(value int64) string { return strconv.FormatInt(value, 10) }

func writeInt(value store.NullInt) string {
	if !value.Valid {
		return "NULL"
	}
	return writeID(value.Value)
}

// writeText quotes every element, as PostgreSQL may.
func writeText(value *string) string {
	if value == nil {
		return "NULL"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(*value) + `"`
}

// writeMicros is encode(timestamp_send(value), 'hex').
func writeMicros(value store.NullInt) string {
	const since1970 = 946684800000000
	if !value.Valid {
		return "NULL"
	}
	if value.Value == math.MaxInt64 || value.Value == math.MinInt64 {
		return fmt.Sprintf("%016x", uint64(value.Value))
	}
	return fmt.Sprintf("%016x", uint64(value.Value-since1970))
}

func FuzzParseIDs(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) { check(t, text, store.ParseIDs, writeID) })
}

func FuzzParseInts(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) { check(t, text, store.ParseInts, writeInt) })
}

func FuzzParseTexts(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) { check(t, text, store.ParseTexts, writeText) })
}

// Past the range of a timestamp a value stays as it is, so that only what PostgreSQL
// can hold comes back the same.
func FuzzParseMicros(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		values, err := store.ParseMicros(&text)
		if err != nil {
			var format *store.FormatError
			require.True(t, errors.As(err, &format), "%T", err)
			return
		}
		for _, value := range values {
			if value.Valid && (value.Value < earliest || value.Value > latest) {
				return
			}
		}
		check(t, text, store.ParseMicros, writeMicros)
	})
}

// PostgreSQL's timestamps lie between 4714 BC and 294276 AD.
const (
	earliest = -210866803200000000
	latest   = math.MaxInt64 - 1
)

func TestArraysComeBackAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.Int64()).Draw(t, "ids")
		parsed, err := store.ParseIDs(store.Ints(ids))
		require.NoError(t, err)
		assert.Equal(t, len(ids), len(parsed))
		for i := range ids {
			assert.Equal(t, ids[i], parsed[i])
		}

		texts := rapid.SliceOf(rapid.String()).Draw(t, "texts")
		words, err := store.ParseTexts(store.Texts(texts))
		require.NoError(t, err)
		require.Equal(t, len(texts), len(words))
		for i := range texts {
			assert.Equal(t, texts[i], *words[i])
		}
	})
}

// A damaged answer is an error that says so, never a panic.
func FuzzSnapshot(f *testing.F) {
	const clock = "0002832c1b2d1d80"
	for _, text := range []string{
		clock + "||(|)", clock + "|7,1,0,3|(|)", clock + "|7,1,0,3;9,57|(7,9|7,0002832c1b2d1d80{error})",
		clock + "|7,5,3,57|(|)|{3}{name}|{1}{2}{NULL}", clock + "|", clock, clock + "|7,1,0,3|(7|)", clock + "|7|(|{error})",
		clock + "||(|)||{1}{2}{NULL}", clock + "||(|)||{1}{2}", clock + "|7,1,0,3|(|)x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parts := range []store.Part{0, store.WithNames | store.WithTasks, store.WithVersions} {
			driver := host.New([]host.Answer{{Statement: "task_snapshot", Rows: store.Rows{{&text}}}})
			snapshot, err := store.LoadSnapshot(ctx, driver, 1, parts)
			var format *store.FormatError
			if err != nil && !errors.Is(err, host.ErrParked) {
				require.True(t, errors.As(err, &format), "%T", err)
				continue
			}
			require.Len(t, snapshot.StepIDs(), len(snapshot.Steps))
		}
	})
}

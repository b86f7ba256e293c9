package conformance_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// cases are those of spec/fixtures/driver-conformance.json.
type cases struct {
	Values []struct {
		Name   string
		SQL    string
		Params []*string
		Rows   store.Rows
	}
	Failures []struct {
		Name      string
		SQL       string
		SQLState  string
		Code      wire.Code
		Retryable bool
	}
}

func readCases(t *testing.T) cases {
	t.Helper()
	var read cases
	readJSON(t, &read, "spec", "fixtures", "driver-conformance.json")
	require.NotEmpty(t, read.Values)
	require.NotEmpty(t, read.Failures)
	return read
}

func TestEveryDriverGivesTheSameValuesToTheByte(t *testing.T) {
	eachRunner(t, emptyDatabase(t), checkValues)
}

// PgBouncer hands every transaction another session, so only modes that need
// nothing of the round trip before are for it.
func TestThePoolGivesTheSameValuesThroughPgBouncer(t *testing.T) {
	bouncer := os.Getenv("TASKER_CORE_TEST_PGBOUNCER_URL")
	if bouncer == "" {
		t.Skip("TASKER_CORE_TEST_PGBOUNCER_URL is not set: bin/test sets it where PgBouncer is installed")
	}
	for _, mode := range []string{"cache_describe", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) { checkValues(t, newPoolRunner(t, bouncer, mode)) })
	}
}

func checkValues(t *testing.T, run runner) {
	t.Helper()
	for _, one := range readCases(t).Values {
		for _, write := range []bool{false, true} {
			rows, err := ask(run, store.Statement{Name: one.Name, SQL: one.SQL, Params: one.Params, Write: write})
			if assert.NoError(t, err, one.Name) {
				assert.Equal(t, one.Rows, rows, one.Name)
			}
		}
	}
}

func TestEveryDriverFailsWithTheSameCodes(t *testing.T) {
	database := emptyDatabase(t)
	exec(t, connect(t, database), "SELECT pg_advisory_lock(4711)")
	limited := withOptions(t, database, "-c statement_timeout=200ms -c lock_timeout=100ms")
	for _, one := range readCases(t).Failures {
		t.Run(one.Name, func(t *testing.T) {
			eachRunner(t, limited, func(t *testing.T, run runner) {
				_, err := ask(run, store.Statement{Name: "failing", SQL: one.SQL})
				failure := asWire(t, err)
				assert.Equal(t, one.SQLState, failure.SQLState, failure.Message)
				assert.Equal(t, one.Code, failure.Code)
				assert.Equal(t, one.Retryable, failure.Retryable)
			})
		})
	}
}

// asWire gives an error the form in which hosts see it.
func asWire(t *testing.T, err error) *wire.Error {
	t.Helper()
	require.Error(t, err)
	var database *store.Error
	require.True(t, errors.As(err, &database), "not reported by the database: %v", err)
	return wire.FromError(err)
}

func TestThePoolWorksOnAfterEveryFailure(t *testing.T) {
	database := emptyDatabase(t)
	exec(t, connect(t, database), "SELECT pg_advisory_lock(4711)")
	limited := withOptions(t, database, "-c statement_timeout=200ms -c lock_timeout=100ms")
	run := newPoolRunner(t, limited, "cache_statement")
	for _, one := range readCases(t).Failures {
		_, err := ask(run, store.Statement{Name: "failing", SQL: one.SQL, Write: true})
		assert.Error(t, err, one.Name)
		rows, err := ask(run, store.Statement{Name: "working", SQL: "SELECT 'yes'::text"})
		require.NoError(t, err, one.Name)
		assert.Equal(t, store.Rows{{store.Text("yes")}}, rows)
	}
}

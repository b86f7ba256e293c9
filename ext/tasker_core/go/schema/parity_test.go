package schema_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The fixtures were recorded from tasker-engine 0.1.0. Their times are relative to one
// moment, so data and questions share a transaction, in which now() stands still.

func TestReadinessAnswersAreThoseRecordedFromTheEngine(t *testing.T) {
	var recorded struct {
		Cases []struct {
			ID     int64
			Expect struct {
				Readiness, Context, Levels, Dag json.RawMessage
			}
		}
	}
	content := fixture(t, "readiness-vectors.json")
	require.NoError(t, json.Unmarshal(content, &recorded))
	require.Len(t, recorded.Cases, 300)

	conn := installedDatabase(t)
	inTransaction(t, conn, func() {
		exec(t, conn, testdata(t, "load_readiness.sql"), part(t, content, "cases"))
		answers := askReadiness(t, conn)
		require.Len(t, answers, len(recorded.Cases))
		for i, wanted := range recorded.Cases {
			answer := answers[i]
			require.Equal(t, wanted.ID, answer.TaskID)
			about := fmt.Sprintf("case %d", wanted.ID)
			assert.JSONEq(t, string(wanted.Expect.Readiness), orEmpty(answer.Readiness), about)
			assert.JSONEq(t, string(wanted.Expect.Readiness), orEmpty(answer.ReadinessBatch), about)
			assert.JSONEq(t, string(wanted.Expect.Context), answer.Context, about)
			assert.JSONEq(t, string(wanted.Expect.Context), answer.ContextBatch, about)
			assert.JSONEq(t, string(wanted.Expect.Levels), orEmpty(answer.Levels), about)
			assert.JSONEq(t, string(wanted.Expect.Dag), orEmpty(answer.Dag), about)
			assert.Zero(t, answer.Miscounted, about)
		}
	})
}

func TestAnalyticsAnswersAreThoseRecordedFromTheEngine(t *testing.T) {
	var recorded struct {
		Sets []json.RawMessage
	}
	require.NoError(t, json.Unmarshal(fixture(t, "analytics-vectors.json"), &recorded))
	require.Len(t, recorded.Sets, 25)

	conn := installedDatabase(t)
	for i, set := range recorded.Sets {
		inTransaction(t, conn, func() {
			exec(t, conn, testdata(t, "load_analytics.sql"), string(set))
			answer := readText(t, conn, testdata(t, "ask_analytics.sql"))
			assert.JSONEq(t, part(t, set, "expect"), answer, "set %d", i+1)
		})
	}
}

type readinessAnswer struct {
	TaskID         int64
	Readiness      *string
	ReadinessBatch *string
	Context        string
	ContextBatch   string
	Levels         *string
	Dag            *string
	Miscounted     int64
}

func askReadiness(t *testing.T, conn *pgx.Conn) []readinessAnswer {
	t.Helper()
	rows, err := conn.Query(context.Background(), testdata(t, "ask_readiness.sql"))
	require.NoError(t, err)
	answers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[readinessAnswer])
	require.NoError(t, err)
	return answers
}

// inTransaction runs what the function asks on the connection and takes it back.
func inTransaction(t *testing.T, conn *pgx.Conn, do func()) {
	t.Helper()
	exec(t, conn, "BEGIN")
	defer exec(t, conn, "ROLLBACK")
	do()
}

func part(t *testing.T, document []byte, key string) string {
	t.Helper()
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(document, &parts))
	require.Contains(t, parts, key)
	return string(parts[key])
}

func orEmpty(list *string) string {
	if list == nil {
		return "[]"
	}
	return *list
}

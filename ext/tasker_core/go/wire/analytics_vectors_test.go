package wire

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/store"
)

var errTakenBack = errors.New("taken back by the test")

// recordedDatabase is a set of analytics-vectors.json, recorded from tasker-engine
// 0.1.0. Its times are relative to one moment, so rows and questions share a
// transaction of the pool's, in which the database's clock stands still.
type recordedDatabase struct {
	ID     int64
	Expect map[string]json.RawMessage
}

func TestThePoolGivesTheEnginesRecordedAnalytics(t *testing.T) {
	var recorded struct{ Sets []json.RawMessage }
	require.NoError(t, json.Unmarshal(readFixture(t, "spec", "fixtures", "parity", "analytics-vectors.json"), &recorded))
	require.Len(t, recorded.Sets, 25)
	load := string(readFixture(t, "ext", "tasker_core", "go", "schema", "testdata", "load_analytics.sql"))
	core := openCore(t, installedDatabase(t))
	for _, set := range recorded.Sets {
		var one recordedDatabase
		require.NoError(t, json.Unmarshal(set, &one))
		err := core.Pool.WithTransaction(context.Background(), func(driver store.Driver) error {
			if _, err := driver.Query(context.Background(), store.Statement{Name: "load", SQL: load, Params: []*string{store.Text(string(set))}, Write: true}); err != nil {
				return err
			}
			c := call{ctx: context.Background(), core: core, driver: driver}
			recent, old := ago(t, c, 7500), ago(t, c, 300_000)
			for name, question := range map[string]question{
				"system_health":            {"system_health_counts", nil, []string{"active_connections", "max_connections"}},
				"analytics_default":        {"analytics_metrics", nil, []string{"analysis_period_start", "calculated_at"}},
				"analytics_2h":             {"analytics_metrics", arguments{"since": recent}, []string{"analysis_period_start", "calculated_at"}},
				"slowest_steps_default":    {"slowest_steps", arguments{"limit": 10}, times},
				"slowest_steps_payments_5": {"slowest_steps", arguments{"since": old, "limit": 5, "namespace": "payments"}, times},
				"slowest_steps_order":      {"slowest_steps", arguments{"since": old, "limit": 10, "task_name": "order", "version": "1.0.0"}, times},
				"slowest_tasks_default":    {"slowest_tasks", arguments{"limit": 10}, times},
				"slowest_tasks_etl_3":      {"slowest_tasks", arguments{"since": old, "limit": 3, "namespace": "etl"}, times},
			} {
				got, err := json.Marshal(question.ask(t, c))
				require.NoError(t, err)
				wanted := one.Expect[name]
				if name == "system_health" || question.operation == "analytics_metrics" {
					wanted = json.RawMessage("[" + string(wanted) + "]")
				}
				assert.JSONEq(t, string(wanted), string(got), "database %d, %s", one.ID, name)
			}
			return errTakenBack
		})
		require.ErrorIs(t, err, errTakenBack)
	}
}

type arguments = map[string]any

var times = []string{"created_at", "completed_at"}

// question is an operation with its arguments, and the columns that differ from run
// to run.
type question struct {
	operation string
	arguments arguments
	without   []string
}

func (q question) ask(t *testing.T, c call) []map[string]any {
	t.Helper()
	raw, err := msgpack.Marshal(q.arguments)
	require.NoError(t, err)
	if q.arguments == nil {
		raw = []byte{0x80}
	}
	value, err := operations[q.operation].run(c, raw)
	require.NoError(t, err)
	rows := readTable(t, value.(*Table))
	for _, row := range rows {
		for _, name := range q.without {
			require.Contains(t, row, name)
			delete(row, name)
		}
	}
	return rows
}

// ago is so many seconds before the transaction's now, in microseconds since 1970.
func ago(t *testing.T, c call, seconds int64) int64 {
	t.Helper()
	rows, err := c.driver.Query(c.ctx, store.Statement{Name: "now", SQL: "SELECT encode(timestamp_send(LOCALTIMESTAMP), 'hex')"})
	require.NoError(t, err)
	now, err := store.Micros(*rows[0][0])
	require.NoError(t, err)
	return now - seconds*1_000_000
}

func readFixture(t *testing.T, parts ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "..", ".."}, parts...)...))
	require.NoError(t, err)
	return content
}

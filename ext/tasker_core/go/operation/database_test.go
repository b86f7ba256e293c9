package operation_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// testbed is a database with the engine's schema, a connection that plays somebody
// else, and a core with connections of its own.
type testbed struct {
	url  string
	conn *pgx.Conn
	pool *pool.Pool
	core *operation.Core
}

func newTestbed(t testing.TB, maxSessions int) testbed {
	t.Helper()
	server := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, server,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	name := "tasker_core_operation_" + strings.ToLower(rand.Text())
	exec(t, connect(t, server), "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { exec(t, connect(t, server), "DROP DATABASE "+name+" WITH (FORCE)") })
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	conn := connect(t, address.String())
	for _, statement := range schema.Statements() {
		exec(t, conn, statement.SQL)
	}
	settings := config.Defaults()
	settings.MaxSessions = maxSessions
	core, err := operation.NewCore(settings, &telemetry.Log{Logger: zap.NewNop()})
	require.NoError(t, err)
	b := testbed{url: address.String(), conn: conn, core: core}
	b.pool = b.with(t, "")
	return b
}

// with gives a pool whose sessions begin with options, as in "-c lock_timeout=1s".
func (b testbed) with(t testing.TB, options string) *pool.Pool {
	t.Helper()
	address, err := url.Parse(b.url)
	require.NoError(t, err)
	query := address.Query()
	query.Set("options", options)
	address.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	connections, err := pool.New(pool.Settings{DatabaseURL: address.String(), MaxConnections: 8,
		ExecMode: config.Defaults().PoolExecMode, AcquireTimeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(connections.Close)
	return connections
}

func connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string, arguments ...any) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql, arguments...)
	require.NoError(t, err, sql)
}

func (b testbed) text(t testing.TB, sql string, arguments ...any) string {
	t.Helper()
	var text string
	require.NoError(t, b.conn.QueryRow(context.Background(), sql, arguments...).Scan(&text), sql)
	return text
}

// line inserts a task whose steps wait for each other, one after the other, and
// gives the id of the task and those of the steps.
func (b testbed) line(t testing.TB, steps int) (int64, []int64) {
	t.Helper()
	edges := make([][2]int, 0, steps)
	for i := 1; i < steps; i++ {
		edges = append(edges, [2]int{i - 1, i})
	}
	return b.workflow(t, steps, edges...)
}

// workflow inserts a task of some steps with edges between their places, and gives the
// id of the task and those of the steps.
func (b testbed) workflow(t testing.TB, steps int, edges ...[2]int) (int64, []int64) {
	t.Helper()
	exec(t, b.conn, `INSERT INTO tasker_task_namespaces (name, created_at, updated_at) VALUES ('n', now(), now()) ON CONFLICT DO NOTHING`)
	exec(t, b.conn, `INSERT INTO tasker_named_tasks (name, version, task_namespace_id, created_at, updated_at)
		SELECT 't', '0.1.0', task_namespace_id, now(), now() FROM tasker_task_namespaces ON CONFLICT DO NOTHING`)
	exec(t, b.conn, `INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES ('s', now(), now()) ON CONFLICT DO NOTHING`)
	exec(t, b.conn, `INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
		SELECT dependent_system_id, 's' || n, now(), now() FROM tasker_dependent_systems, generate_series(1, $1::int) n ON CONFLICT DO NOTHING`, steps)
	var task int64
	require.NoError(t, b.conn.QueryRow(context.Background(), `INSERT INTO tasker_tasks
		(named_task_id, complete, requested_at, identity_hash, context, created_at, updated_at)
		SELECT named_task_id, false, now(), $1, '{}', now(), now() FROM tasker_named_tasks RETURNING task_id`, rand.Text()).Scan(&task))
	exec(t, b.conn, `INSERT INTO tasker_workflow_steps (task_id, named_step_id, retryable, retry_limit, attempts, created_at, updated_at)
		SELECT $1, named_step_id, true, 3, 0, now(), now() FROM tasker_named_steps ORDER BY named_step_id LIMIT $2::int`, task, steps)
	rows, err := b.conn.Query(context.Background(), `SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = $1 ORDER BY 1`, task)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	for _, edge := range edges {
		exec(t, b.conn, `INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
			VALUES ($1, $2, 'provides', now(), now())`, ids[edge[0]], ids[edge[1]])
	}
	return task, ids
}

func (b testbed) states(t testing.TB, step int64) string {
	t.Helper()
	return b.text(t, `SELECT coalesce(string_agg(to_state, ' ' ORDER BY sort_key), '')
		FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1`, step)
}

// move plays somebody else who writes an audit row.
func (b testbed) move(t testing.TB, step int64, state string) {
	t.Helper()
	exec(t, b.conn, `UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = $1`, step)
	exec(t, b.conn, `INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
		SELECT $1, $2, coalesce(max(sort_key), 0) + 10, true, now(), now() FROM tasker_workflow_step_transitions WHERE workflow_step_id = $1`, step, state)
}

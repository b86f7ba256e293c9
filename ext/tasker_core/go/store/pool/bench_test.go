package pool_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// BenchmarkStatements compares the pool with bare pgx: one connection that is
// always there, the same statements, the same text values copied out. Its figures
// are those of bench/ruby/pool_driver.rb.
func BenchmarkStatements(b *testing.B) {
	database := databaseURL(b)
	prepareRows(b, database)
	searching := withSearchPath(b, database)
	bare, p := connect(b, searching), open(b, settings(searching))
	for _, task := range []struct {
		name string
		id   int64
	}{{"nothing", 0}, {"10 steps", 10}, {"100 steps", 100}} {
		statement := snapshotStatement(b, p, task.id)
		b.Run(task.name+"/bare", func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, queryBare(bare, statement))
			}
		})
		b.Run(task.name+"/pool", func(b *testing.B) {
			for b.Loop() {
				_, err := p.Query(context.Background(), statement)
				require.NoError(b, err)
			}
		})
	}
}

const benchSchema = "tasker_core_bench"

// prepareRows makes the engine's tables in a schema of their own, with a task of
// 10 and one of 100 steps in a line; task_id is their number.
func prepareRows(b *testing.B, database string) {
	b.Helper()
	conn := connect(b, database)
	exec(b, conn, "DROP SCHEMA IF EXISTS "+benchSchema+" CASCADE")
	exec(b, conn, "CREATE SCHEMA "+benchSchema)
	b.Cleanup(func() { exec(b, connect(b, database), "DROP SCHEMA "+benchSchema+" CASCADE") })
	exec(b, conn, "SET search_path = "+benchSchema)
	for _, statement := range schema.Statements() {
		exec(b, conn, statement.SQL)
	}
	exec(b, conn, `
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, name, created_at, updated_at) VALUES (1, 'bench', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 'none', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n, 1, 'step ' || n, now(), now() FROM generate_series(1, 100) n;
INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT n, 1, now(), n, now(), now() FROM unnest('{10,100}'::integer[]) n;
INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
  SELECT task_id * 1000 + n, task_id, n, now(), now() FROM tasker_tasks, generate_series(1, task_id) n;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT workflow_step_id - 1, workflow_step_id, 'provides', now(), now() FROM tasker_workflow_steps WHERE named_step_id > 1;
ANALYZE`)
}

// snapshotStatement gives the statement with which the core reads a task, the one
// that nearly every operation waits for.
func snapshotStatement(b *testing.B, p store.Driver, taskID int64) store.Statement {
	b.Helper()
	recorder := &recorder{driver: p}
	_, err := store.LoadSnapshot(context.Background(), recorder, taskID, store.WithNames)
	require.NoError(b, err)
	return recorder.first
}

// recorder notes the first statement that goes through it.
type recorder struct {
	driver store.Driver
	first  store.Statement
}

func (r *recorder) Query(ctx context.Context, statement store.Statement) (store.Rows, error) {
	if r.first.Name == "" {
		r.first = statement
	}
	return r.driver.Query(ctx, statement)
}

func withSearchPath(b *testing.B, database string) string {
	b.Helper()
	address, err := url.Parse(database)
	require.NoError(b, err)
	query := address.Query()
	query.Set("search_path", benchSchema)
	address.RawQuery = query.Encode()
	return address.String()
}

func queryBare(conn *pgx.Conn, statement store.Statement) error {
	rows, err := conn.Query(context.Background(), statement.SQL, *statement.Params[0])
	if err != nil {
		return err
	}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		texts := make([]string, 0, len(row.RawValues()))
		for _, value := range row.RawValues() {
			texts = append(texts, string(value))
		}
		return texts, nil
	})
	return err
}

package operation_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// What runs once for each step looks rows up by their ids, and reads no table: with
// statistics, and in a database that has none yet. The plan is the one that is kept
// for a prepared statement.
func TestWhatRunsForEachStepReadsNoTable(t *testing.T) {
	b := newTestbed(t, 1)
	statements := map[string]store.Statement{}
	recorded := recorder(func(statement store.Statement) { statements[statement.Name] = statement })
	finish := store.Finish{StepID: 1, Token: 1, To: lifecycle.Complete, Attempt: true}
	_, _ = store.FinishStep(ctx, recorded, finish)
	finish.Claim = store.NullInt{Value: 2, Valid: true}
	_, _ = store.FinishStep(ctx, recorded, finish)
	_, _ = store.Settle(ctx, recorded, store.Lost{StepID: 1, Token: finish.Claim, Claim: finish.Claim})
	require.Len(t, statements, 3)

	requireLookUps := func(t *testing.T) {
		conn := b.connect(t)
		exec(t, conn, "SET plan_cache_mode = force_generic_plan")
		for name, statement := range statements {
			exec(t, conn, "PREPARE "+name+" AS "+statement.SQL)
			plan := explain(t, conn, "EXECUTE "+name+"("+strings.TrimSuffix(strings.Repeat("NULL,", len(statement.Params)), ",")+")")
			require.NotContains(t, plan, "Seq Scan on tasker_", "%s: %s", name, plan)
		}
	}
	t.Run("without statistics", requireLookUps)
	for range 3 {
		b.line(t, 500)
	}
	exec(t, b.conn, `INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
		SELECT workflow_step_id, 'complete', 10, true, now(), now() FROM tasker_workflow_steps`)
	exec(t, b.conn, `INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
		SELECT named_task_id, now(), gen_random_uuid()::text, now(), now() FROM tasker_named_tasks, generate_series(1, 1000)`)
	exec(t, b.conn, `INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, created_at, updated_at)
		SELECT task_id, 'in_progress', 10, now(), now() FROM tasker_tasks`)
	exec(t, b.conn, "ANALYZE")
	t.Run("with statistics", requireLookUps)
}

func explain(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	rows, err := conn.Query(context.Background(), "EXPLAIN (COSTS OFF) "+sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// recorder is a driver that notes what it is asked.
type recorder func(store.Statement)

func (r recorder) Query(_ context.Context, statement store.Statement) (store.Rows, error) {
	r(statement)
	return nil, errors.New("it is only noted")
}

package schema_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const edgeColumns = "tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)"

// withSteps gives a database with the task 1, whose steps 1 to count have no edges yet.
func withSteps(t *testing.T, count int) *pgx.Conn {
	t.Helper()
	conn := installedDatabase(t)
	for _, sql := range []string{
		"INSERT INTO tasker_task_namespaces VALUES (1, 'default', NULL, now(), now())",
		"INSERT INTO tasker_named_tasks VALUES (1, 'work', NULL, now(), now())",
		"INSERT INTO tasker_dependent_systems VALUES (1, 'none', NULL, now(), now())",
		"INSERT INTO tasker_named_steps VALUES (1, 1, 'step', NULL, now(), now())",
		"INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at) VALUES (1, 1, now(), 'one', now(), now())",
	} {
		exec(t, conn, sql)
	}
	exec(t, conn, `INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
		SELECT id, 1, 1, now(), now() FROM generate_series(1, $1::bigint) AS id`, count)
	return conn
}

func TestLevelsOfManyPathsAreQuick(t *testing.T) {
	conn := withSteps(t, 40)
	exec(t, conn, "SET statement_timeout = '5s'")
	// 20 layers of 2 steps, each waiting for both of the layer before: 2 ^ 20 paths.
	exec(t, conn, "INSERT INTO "+edgeColumns+` SELECT parent, child, 'provides', now(), now()
		FROM generate_series(1, 40) AS parent, generate_series(1, 40) AS child
		WHERE (child - 1) / 2 = (parent - 1) / 2 + 1`)
	assert.Equal(t, "0,0,1,1,2,2", readText(t, conn,
		`SELECT string_agg(dependency_level::text, ',')
		FROM (SELECT * FROM calculate_dependency_levels(1) LIMIT 6) AS first`))
	assert.Equal(t, "40 19", readText(t, conn,
		"SELECT count(*) || ' ' || max(dependency_level) FROM calculate_dependency_levels(1)"))
}

func TestLevelsOfACycleRaiseInsteadOfNeverEnding(t *testing.T) {
	conn := withSteps(t, 4)
	exec(t, conn, "SET statement_timeout = '5s'")
	exec(t, conn, "INSERT INTO "+edgeColumns+` VALUES
		(1, 2, 'provides', now(), now()), (2, 3, 'provides', now(), now()), (3, 2, 'provides', now(), now())`)
	_, err := conn.Exec(context.Background(), "SELECT * FROM calculate_dependency_levels(1)")
	var raised *pgconn.PgError
	require.True(t, errors.As(err, &raised), err)
	assert.Equal(t, "the steps of task 1 depend on each other in a cycle", raised.Message)
	assert.Equal(t, "22000", raised.Code)
	assert.NotEmpty(t, raised.Hint)
}

func TestDepthIsTheShortestAndUnknownPastFifty(t *testing.T) {
	conn := withSteps(t, 53)
	exec(t, conn, "INSERT INTO "+edgeColumns+
		" SELECT id, id + 1, 'provides', now(), now() FROM generate_series(1, 51) AS id")
	exec(t, conn, "INSERT INTO "+edgeColumns+" VALUES (53, 10, 'provides', now(), now())")
	depth := func(step int) string {
		return readText(t, conn, `SELECT coalesce(min_depth_from_root::text, 'none')
			FROM tasker_step_dag_relationships WHERE workflow_step_id = $1`, step)
	}
	assert.Equal(t, "8", depth(9))
	assert.Equal(t, "1", depth(10))
	assert.Equal(t, "43", depth(52))
	exec(t, conn, "DELETE FROM tasker_workflow_step_edges WHERE from_step_id = 53")
	assert.Equal(t, "50", depth(51))
	assert.Equal(t, "none", depth(52))
}

func TestReadinessTakesNoStepIdsAsNoneAndNullAsAll(t *testing.T) {
	conn := withSteps(t, 3)
	count := func(arguments string) string {
		return readText(t, conn, "SELECT count(*)::text FROM get_step_readiness_status("+arguments+")")
	}
	assert.Equal(t, "3", count("1"))
	assert.Equal(t, "3", count("1, NULL"))
	assert.Equal(t, "0", count("1, '{}'"))
	assert.Equal(t, "2", count("1, '{3,1,99}'"))
	assert.Equal(t, "0", count("-1"))
}

func TestBackoffStaysComputableForAnyNumberOfAttempts(t *testing.T) {
	conn := withSteps(t, 2)
	exec(t, conn, "UPDATE tasker_workflow_steps SET attempts = 2147483647 WHERE workflow_step_id = 1")
	exec(t, conn, "UPDATE tasker_workflow_steps SET attempts = -2147483648 WHERE workflow_step_id = 2")
	exec(t, conn, `INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at)
		SELECT id, 'error', 10, now(), now() FROM generate_series(1, 2) AS id`)
	assert.Equal(t, "00:00:30,00:00:00", readText(t, conn,
		"SELECT string_agg((next_retry_at - last_failure_at)::text, ',') FROM get_step_readiness_status(1)"))
}

func TestContextsRepeatARepeatedTaskAndSkipAnUnknownOne(t *testing.T) {
	conn := withSteps(t, 1)
	assert.Equal(t, "1,1", readText(t, conn,
		"SELECT string_agg(task_id::text, ',') FROM get_task_execution_contexts_batch('{1,99,1}')"))
	assert.Equal(t, "0", readText(t, conn, "SELECT count(*)::text FROM get_task_execution_context(99)"))
}

func TestSlowestTasksCountAStepOncePerTransitionAsTheEngineDoes(t *testing.T) {
	conn := withSteps(t, 2)
	inTransaction(t, conn, func() {
		exec(t, conn, "UPDATE tasker_tasks SET created_at = now()")
		exec(t, conn, "UPDATE tasker_workflow_steps SET created_at = now()")
		exec(t, conn, `INSERT INTO tasker_workflow_step_transitions
			(workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at) VALUES
			(1, 'in_progress', 10, false, now(), now()),
			(1, 'complete', 20, true, now() + interval '5 seconds', now())`)
		assert.Equal(t, "3 2 0 5.000", readText(t, conn,
			`SELECT concat_ws(' ', step_count, completed_steps, error_steps, duration_seconds)
			FROM get_slowest_tasks_v01()`))
		assert.Equal(t, "5.000 t", readText(t, conn,
			`SELECT concat_ws(' ', duration_seconds, completed_at - created_at = interval '5 seconds')
			FROM get_slowest_steps_v01()`))
	})
}

package conformance_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

const minute = 60_000_000

// stuckWorkflow makes a task of some steps, all in_progress since some minutes ago.
func stuckWorkflow(t *testing.T, conn *pgx.Conn, steps, minutes int) (taskID int64) {
	t.Helper()
	row := conn.QueryRow(context.Background(), `WITH system AS (
  INSERT INTO tasker_dependent_systems (name, created_at, updated_at) VALUES (gen_random_uuid()::text, now(), now())
  RETURNING dependent_system_id
), namespace AS (
  INSERT INTO tasker_task_namespaces (name, created_at, updated_at) VALUES (gen_random_uuid()::text, now(), now())
  RETURNING task_namespace_id
), named AS (
  INSERT INTO tasker_named_tasks (name, task_namespace_id, created_at, updated_at)
  SELECT 'spec_task', task_namespace_id, now(), now() FROM namespace RETURNING named_task_id
), task AS (
  INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT named_task_id, now(), gen_random_uuid()::text, now(), now() FROM named RETURNING task_id
), names AS (
  INSERT INTO tasker_named_steps (dependent_system_id, name, created_at, updated_at)
  SELECT dependent_system_id, 'step_' || n, now(), now() FROM system, generate_series(1, $1::int) n RETURNING named_step_id
), made AS (
  INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts, in_process, created_at, updated_at)
  SELECT task_id, named_step_id, 0, true, LOCALTIMESTAMP - interval '1 day', LOCALTIMESTAMP - interval '1 day' FROM task, names
  RETURNING workflow_step_id
), started AS (
  INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, created_at, updated_at)
  SELECT task_id, 'in_progress', 10, LOCALTIMESTAMP - interval '1 day', LOCALTIMESTAMP - interval '1 day' FROM task
), claimed AS (
  INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, created_at, updated_at)
  SELECT workflow_step_id, 'in_progress', 10, at, at FROM made, (SELECT LOCALTIMESTAMP - $2::int * interval '1 minute' AS at) AS claim
)
SELECT task_id FROM task`, steps, minutes)
	require.NoError(t, row.Scan(&taskID))
	return taskID
}

func TestEveryDriverResetsStuckSteps(t *testing.T) {
	database := installedDatabase(t)
	conn := connect(t, database)
	exec(t, conn, "SET timezone = 'UTC'")
	eachRunner(t, database, func(t *testing.T, run runner) {
		old := stuckWorkflow(t, conn, 3, 20)
		young := stuckWorkflow(t, conn, 2, 5)
		var found *store.StuckSteps
		require.NoError(t, run.read(func(driver store.Driver) (err error) {
			found, err = operation.StuckSteps(context.Background(), driver, 10*minute)
			return err
		}))
		assert.Equal(t, []int64{old, old, old}, found.TaskID)

		var reset *operation.Reset
		require.NoError(t, run.write(func(driver store.Driver) (err error) {
			reset, err = operation.ResetStuck(context.Background(), driver, operation.ResetRequest{OlderThan: 10 * minute})
			return err
		}))
		assert.Equal(t, found.ID, reset.Steps.ID)
		assert.Equal(t, []int64{old}, reset.TaskIDs)
		assert.Equal(t, []string{"pending", "pending,pending,pending"}, states(t, conn, old))
		assert.Equal(t, []string{"in_progress", "in_progress,in_progress"}, states(t, conn, young))
		exec(t, conn, "UPDATE tasker_task_transitions SET to_state = 'cancelled' WHERE most_recent")
	})
}

func TestTwoWhoResetAtOnceTakeEachStepOnce(t *testing.T) {
	database := installedDatabase(t)
	conn := connect(t, database)
	exec(t, conn, "SET timezone = 'UTC'")
	stuckWorkflow(t, conn, 40, 20)
	run := newPoolRunner(t, database, "exec")
	var taken [4][]int64
	var all sync.WaitGroup
	for i := range taken {
		all.Go(func() {
			assert.NoError(t, run.write(func(driver store.Driver) error {
				reset, err := operation.ResetStuck(context.Background(), driver, operation.ResetRequest{OlderThan: 10 * minute})
				if err == nil {
					taken[i] = reset.Steps.ID
				}
				return err
			}))
		})
	}
	all.Wait()
	var total int
	for _, ids := range taken {
		total += len(ids)
	}
	assert.Equal(t, 40, total, fmt.Sprint(taken))
	var rows int
	require.NoError(t, conn.QueryRow(context.Background(),
		"SELECT count(*) FROM tasker_workflow_step_transitions WHERE to_state = 'error'").Scan(&rows))
	assert.Equal(t, 40, rows)
}

// states are the task's and its steps' current states.
func states(t *testing.T, conn *pgx.Conn, taskID int64) []string {
	t.Helper()
	var task, steps string
	require.NoError(t, conn.QueryRow(context.Background(), `SELECT
  (SELECT to_state FROM tasker_task_transitions WHERE task_id = $1 AND most_recent),
  (SELECT string_agg(audit.to_state, ',') FROM tasker_workflow_steps step
   JOIN tasker_workflow_step_transitions audit USING (workflow_step_id) WHERE step.task_id = $1 AND audit.most_recent)`,
		taskID).Scan(&task, &steps))
	return []string{task, steps}
}

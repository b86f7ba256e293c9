package conformance_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Steps of two tasks whose ids alternate: the batch function of version 1 sorts by
// task, then step.
func TestABatchIsOrderedAsItsVersionOrders(t *testing.T) {
	database := installedDatabase(t)
	conn := connect(t, database)
	for _, sql := range []string{
		"INSERT INTO tasker_task_namespaces VALUES (1, 'default', NULL, now(), now())",
		"INSERT INTO tasker_named_tasks VALUES (1, 'work', NULL, now(), now())",
		"INSERT INTO tasker_dependent_systems VALUES (1, 'none', NULL, now(), now())",
		"INSERT INTO tasker_named_steps VALUES (1, 1, 'step', NULL, now(), now())",
		`INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
			SELECT id, 1, now(), id::text, now(), now() FROM generate_series(1, 2) AS id`,
		`INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
			SELECT id, 2 - id % 2, 1, now(), now() FROM generate_series(1, 6) AS id`,
	} {
		exec(t, conn, sql)
	}
	eachRunner(t, database, func(t *testing.T, run runner) {
		for version, wanted := range map[readiness.Version][]int64{
			readiness.V01: {1, 3, 5, 2, 4, 6},
			readiness.V02: {1, 2, 3, 4, 5, 6},
		} {
			var ids []int64
			require.NoError(t, run.read(func(driver store.Driver) error {
				rows, err := operation.StepReadiness(context.Background(), driver, version, []int64{2, 1})
				ids = nil
				for _, row := range rows {
					ids = append(ids, row.WorkflowStepID)
				}
				return err
			}))
			assert.Equal(t, wanted, ids, "version %d", version)
		}
	})
}

package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// oddRows are tasks whose steps follow one another (1, 2), lie far apart (3) or lie
// between those of another task (4, 5), one without steps (6), and parents in other
// tasks. Names and states hold what separates values in the text of a snapshot.
const oddRows = `
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'odd', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, task_namespace_id, name, created_at, updated_at) VALUES (1, 1, 'odd', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 'none', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n * n * n, 1, (ARRAY['', 'NULL', '{a,b}', 'a"b\c', E'a\nb|c;d)', 'ä', '(x', ' '])[1 + n % 8] || n, now(), now()
  FROM generate_series(1, 40) n;
INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT n, 1, now(), n, now(), now() FROM generate_series(1, 6) n;
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
  VALUES (1, 'in_progress', 10, true, now(), now()), (3, 'odd "state", {}', 10, true, now(), now());
INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, retryable, in_process, processed, attempts,
    retry_limit, backoff_request_seconds, last_attempted_at, created_at, updated_at)
  SELECT id, task, n * n * n, n % 7 > 0, n % 9 = 0, n % 11 = 0, nullif(n % 5, 4) - 1, nullif(n % 4, 3), nullif(n % 3, 2) * 20,
    CASE n % 6 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' ELSE now() - n * interval '1.000007 seconds' END,
    now(), now()
  FROM generate_series(1, 40) n, LATERAL (VALUES (1, n), (2, 100 + n), (3, n * 100000), (4, 1000 + 2 * n), (5, 1001 + 2 * n)) row (task, id)
  WHERE n <= 40 - task;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT a.workflow_step_id, b.workflow_step_id, 'provides', now(), now()
  FROM tasker_workflow_steps a JOIN tasker_workflow_steps b ON a.task_id = b.task_id AND a.named_step_id < b.named_step_id
  WHERE (a.named_step_id + b.named_step_id) % 13 = 0
  UNION ALL VALUES (1, 101, 'provides', now(), now()), (300000, 102, 'provides', now(), now()), (103, 400000, 'provides', now(), now()),
    (104, 105, 'provides', now(), now()), (104, 105, 'again', now(), now());
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT workflow_step_id, (ARRAY['complete', 'error', 'pending', 'in_progress', 'complete', 'resolved_manually', 'cancelled', 'error',
      '', ' ', 'a,"b";c|(d)', '{}', 'NULL'])[1 + (workflow_step_id + task_id) % 13], 10 * k, k = 2, now() - k * interval '3.25 seconds', now()
  FROM tasker_workflow_steps, generate_series(1, 2) k WHERE workflow_step_id % 5 > 0;
ANALYZE;`

// TestSnapshotsOfOddRowsAreWhatTheFunctionsSee asks core and functions in one
// transaction, in which the clock stands still.
func TestSnapshotsOfOddRowsAreWhatTheFunctionsSee(t *testing.T) {
	database := installedDatabase(t)
	exec(t, connect(t, database), oddRows)
	tasks := []int64{6, 3, 1, 4, 2, 5, 3, 404}
	eachRunner(t, database, func(t *testing.T, run runner) {
		run.takenBack(t, func(ask func(work)) {
			var rows []readiness.Status
			ask(func(driver store.Driver) (err error) {
				rows, err = operation.StepReadiness(context.Background(), driver, readiness.V02, tasks)
				return err
			})
			sameRows(t, ask, `get_step_readiness_status_batch('{1,2,3,4,5,6}')`, "workflow_step_id", rows)
			var contexts []readiness.Context
			ask(func(driver store.Driver) (err error) {
				contexts, err = operation.TaskExecutionContexts(context.Background(), driver, readiness.V02, tasks)
				return err
			})
			sameContexts(t, ask, `get_task_execution_contexts_batch('{1,2,3,3,4,5,6}')`, contexts)
			for _, task := range tasks {
				checkOne(t, ask, task)
			}
		})
	})
}

func checkOne(t *testing.T, ask func(work), task int64) {
	t.Helper()
	var rows []readiness.Status
	ask(func(driver store.Driver) (err error) {
		rows, err = operation.StepReadinessOf(context.Background(), driver, readiness.V02, task, nil)
		return err
	})
	sameRows(t, ask, fmt.Sprintf(`get_step_readiness_status(%d)`, task), "workflow_step_id", rows)
	var contexts []readiness.Context
	ask(func(driver store.Driver) (err error) {
		contexts, err = operation.TaskExecutionContext(context.Background(), driver, readiness.V02, task)
		return err
	})
	if task != 404 {
		sameContexts(t, ask, fmt.Sprintf(`get_task_execution_context(%d)`, task), contexts)
	} else {
		assert.Empty(t, contexts)
	}
	ready := []int64{}
	for _, row := range rows {
		if row.ReadyForExecution {
			ready = append(ready, row.WorkflowStepID)
		}
	}
	ask(func(driver store.Driver) error {
		viable, err := operation.ViableSteps(context.Background(), driver, readiness.V02, task)
		if err == nil {
			assert.Equal(t, ready, viable, "task %d", task)
		}
		return err
	})
}

func sameRows(t *testing.T, ask func(work), function, order string, rows []readiness.Status) {
	t.Helper()
	list := make([]map[string]any, len(rows))
	for i, row := range rows {
		list[i] = map[string]any{
			"workflow_step_id": row.WorkflowStepID, "task_id": row.TaskID, "named_step_id": row.NamedStepID, "name": row.Name,
			"current_state": row.CurrentState, "dependencies_satisfied": row.DependenciesSatisfied,
			"retry_eligible": row.RetryEligible, "ready_for_execution": row.ReadyForExecution,
			"last_failure_at": hex(row.LastFailureAt), "next_retry_at": hex(row.NextRetryAt),
			"total_parents": row.TotalParents, "completed_parents": row.CompletedParents, "attempts": orNil(row.Attempts),
			"retry_limit": row.RetryLimit, "backoff_request_seconds": orNil(row.BackoffRequestSeconds),
			"last_attempted_at": hex(row.LastAttemptedAt),
		}
	}
	sameJSON(t, ask, `SELECT coalesce(jsonb_agg(to_jsonb(answer) || jsonb_build_object(
  'last_failure_at', encode(timestamp_send(last_failure_at), 'hex'), 'next_retry_at', encode(timestamp_send(next_retry_at), 'hex'),
  'last_attempted_at', encode(timestamp_send(last_attempted_at), 'hex')) ORDER BY `+order+`), '[]')::text FROM `+function+` answer`, list)
}

func sameContexts(t *testing.T, ask func(work), function string, rows []readiness.Context) {
	t.Helper()
	list := make([]map[string]any, len(rows))
	for i, row := range rows {
		list[i] = contextOf(row)
		list[i]["task_id"], list[i]["named_task_id"] = row.TaskID, row.NamedTaskID
	}
	sameJSON(t, ask, `SELECT jsonb_agg(to_jsonb(answer) ORDER BY task_id)::text FROM `+function+` answer`, list)
}

func sameJSON(t *testing.T, ask func(work), sql string, list []map[string]any) {
	t.Helper()
	got, err := json.Marshal(list)
	require.NoError(t, err)
	ask(func(driver store.Driver) error {
		rows, err := driver.Query(context.Background(), store.Statement{Name: "expected", SQL: sql})
		if err == nil {
			assert.JSONEq(t, *rows[0][0], string(got), sql)
		}
		return err
	})
}

// hex is encode(timestamp_send(value), 'hex').
func hex(at readiness.Null[int64]) any {
	const since1970 = 946684800000000
	switch {
	case !at.Valid:
		return nil
	case at.Value == 1<<63-1 || at.Value == -1<<63:
		return fmt.Sprintf("%016x", uint64(at.Value))
	}
	return fmt.Sprintf("%016x", uint64(at.Value-since1970))
}

// manyRows are 2,000 tasks of ten steps.
const manyRows = `
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'many', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, task_namespace_id, name, created_at, updated_at) VALUES (1, 1, 'many', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 'none', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n, 1, 'step_' || n, now(), now() FROM generate_series(0, 4999) n;
INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at)
  SELECT n, 1, now(), n, now(), now() FROM generate_series(1, 2000) n;
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT n, 'in_progress', 10 * k, k = 2, now(), now() FROM generate_series(1, 2000) n, generate_series(1, 2) k;
INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
  SELECT task * 10 + n, task, n, now(), now() FROM generate_series(1, 2000) task, generate_series(0, 9) n;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  SELECT workflow_step_id - 1, workflow_step_id, 'provides', now(), now() FROM tasker_workflow_steps WHERE named_step_id > 0;
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at)
  SELECT workflow_step_id, 'complete', 10 * k, k = 2, now(), now() FROM tasker_workflow_steps, generate_series(1, 2) k;
ANALYZE;`

// TestReadsLookUpWhatTheyNeed holds the plans that are kept to index scans: what else is
// in the database must not matter.
func TestReadsLookUpWhatTheyNeed(t *testing.T) {
	conn := connect(t, installedDatabase(t))
	exec(t, conn, manyRows)
	exec(t, conn, "SET plan_cache_mode = force_generic_plan")
	statements := map[string]store.Statement{
		"topology": store.TopologyOf, "step state": store.StepState, "task state": store.TaskState,
		"parents": store.StepParentsSatisfied, "steps": store.TaskStepsSatisfied,
		"transition": store.TransitionOf("step", true), "completion": store.TransitionOf("task", true),
	}
	for parts := range store.Part(8) {
		statements[fmt.Sprintf("one, parts %d", parts)] = store.SnapshotOf(parts)
		statements[fmt.Sprintf("many, parts %d", parts)] = store.SnapshotsOf(parts)
	}
	for name, statement := range statements {
		exec(t, conn, "PREPARE asked AS "+statement.SQL)
		arguments := map[bool]string{false: "42", true: "42, NULL, NULL, NULL, NULL"}[statement.Write]
		if strings.HasPrefix(name, "many") {
			arguments = "'{42,43}'"
		}
		plan := explain(t, conn, "EXPLAIN EXECUTE asked ("+arguments+")")
		assert.NotContains(t, plan, "Seq Scan", "%s:\n%s", name, plan)
		exec(t, conn, "DEALLOCATE asked")
	}
}

func explain(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

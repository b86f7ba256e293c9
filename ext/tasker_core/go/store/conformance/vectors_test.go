package conformance_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// recordedCase is a case of readiness-vectors.json, recorded from tasker-engine
// 0.1.0. Its times are relative to one moment, so rows and questions share a
// transaction, in which the database's clock stands still.
type recordedCase struct {
	ID     int64
	Expect struct {
		Readiness    json.RawMessage
		ReadinessV01 json.RawMessage `json:"readiness_v01"`
		Context      json.RawMessage
		Levels       json.RawMessage
		Dag          json.RawMessage
	}
}

func TestEveryDriverGivesTheEnginesRecordedAnswers(t *testing.T) {
	content := readFile(t, "spec", "fixtures", "parity", "readiness-vectors.json")
	var recorded struct{ Cases []recordedCase }
	require.NoError(t, json.Unmarshal(content, &recorded))
	require.Len(t, recorded.Cases, 300)
	var document struct{ Cases json.RawMessage }
	require.NoError(t, json.Unmarshal(content, &document))
	load := store.Statement{
		Name: "load", SQL: string(readFile(t, "ext", "tasker_core", "go", "schema", "testdata", "load_readiness.sql")),
		Params: []*string{store.Text(string(document.Cases))}, Write: true,
	}
	eachRunner(t, installedDatabase(t), func(t *testing.T, run runner) {
		run.takenBack(t, func(ask func(work)) {
			ask(func(driver store.Driver) error { return query(driver, load) })
			q := questions{t: t, ask: ask}
			q.readNow()
			q.askAll(recorded.Cases)
			q.askForWork(readiness.V01)
			q.askForWork(readiness.V02)
			for _, one := range recorded.Cases {
				q.askOne(one)
			}
			q.claimAll()
		})
	})
}

func query(driver store.Driver, statement store.Statement) error {
	_, err := driver.Query(context.Background(), statement)
	return err
}

// questions asks for the recorded cases and compares.
type questions struct {
	t   *testing.T
	ask func(work)
	now int64
}

func (q *questions) readNow() {
	q.ask(func(driver store.Driver) error {
		rows, err := driver.Query(context.Background(), store.Statement{
			Name: "now", SQL: "SELECT encode(timestamp_send(LOCALTIMESTAMP), 'hex')",
		})
		if err != nil {
			return err
		}
		q.now, err = store.Micros(*rows[0][0])
		return err
	})
}

// askAll asks for all cases in one batch.
func (q *questions) askAll(cases []recordedCase) {
	ids := make([]int64, len(cases))
	for i, one := range cases {
		ids[i] = one.ID
	}
	var rows []readiness.Status
	var contexts []readiness.Context
	q.ask(func(driver store.Driver) (err error) {
		rows, err = operation.StepReadiness(context.Background(), driver, readiness.V02, ids)
		return err
	})
	q.ask(func(driver store.Driver) (err error) {
		contexts, err = operation.TaskExecutionContexts(context.Background(), driver, readiness.V02, ids)
		return err
	})
	byTask := make(map[int64][]readiness.Status)
	for _, row := range rows {
		byTask[row.TaskID] = append(byTask[row.TaskID], row)
	}
	require.Len(q.t, contexts, len(cases))
	for i, one := range cases {
		q.same(one, "readiness of all", one.Expect.Readiness, q.statuses(byTask[one.ID]))
		q.same(one, "contexts of all", one.Expect.Context, contextOf(contexts[i]))
	}
}

// openTasks are the tasks that workers look at, with the names of all steps.
func (q *questions) openTasks() (names []string, tasks []int64) {
	var open []string
	q.ask(func(driver store.Driver) error {
		rows, err := driver.Query(context.Background(), store.Statement{Name: "names", SQL: `SELECT
  (SELECT array_agg(DISTINCT name)::text FROM tasker_named_steps),
  (SELECT array_agg(task.task_id)::text FROM tasker_tasks task
   LEFT JOIN tasker_task_transitions audit ON audit.task_id = task.task_id AND audit.most_recent
   WHERE coalesce(audit.to_state, 'pending') IN ('pending', 'in_progress'))`})
		if err == nil {
			names, open = elements(*rows[0][0]), elements(*rows[0][1])
		}
		return err
	})
	for _, id := range open {
		number, err := strconv.ParseInt(id, 10, 64)
		require.NoError(q.t, err)
		tasks = append(tasks, number)
	}
	return names, tasks
}

// askForWork compares what a worker is offered with what the rules of readiness say
// of the steps of tasks that are open.
func (q *questions) askForWork(version readiness.Version) {
	names, tasks := q.openTasks()
	handlers := store.StepHandlers{Steps: names, Versions: make([]string, len(names))}
	for range names {
		handlers.Namespaces, handlers.Tasks = append(handlers.Namespaces, "default"), append(handlers.Tasks, "vectors")
	}
	var offered, ready []int64
	q.ask(func(driver store.Driver) error {
		steps, err := store.LockReadySteps(context.Background(), driver, handlers, int64(version), 1_000_000)
		offered = nil
		for _, step := range steps {
			offered = append(offered, step.ID)
		}
		return err
	})
	q.ask(func(driver store.Driver) error {
		rows, err := operation.StepReadiness(context.Background(), driver, version, tasks)
		ready = nil
		for _, row := range rows {
			if row.ReadyForExecution {
				ready = append(ready, row.WorkflowStepID)
			}
		}
		return err
	})
	slices.Sort(ready)
	require.NotEmpty(q.t, ready)
	assert.Equal(q.t, ready, offered, version.String())
}

// claimAll compares which pending steps a claim takes with what the rules of readiness say.
func (q *questions) claimAll() {
	_, tasks := q.openTasks()
	var rows []readiness.Status
	q.ask(func(driver store.Driver) (err error) {
		rows, err = operation.StepReadiness(context.Background(), driver, readiness.V02, tasks)
		return err
	})
	claimed := 0
	for _, row := range rows {
		if row.CurrentState != "pending" {
			continue
		}
		var claim *store.Claim
		q.ask(func(driver store.Driver) (err error) {
			claim, err = store.ClaimStep(context.Background(), driver, row.WorkflowStepID, nil)
			return err
		})
		require.NotNil(q.t, claim)
		assert.Equal(q.t, row.ReadyForExecution, claim.Token.Valid, "%+v", row)
		if claim.Token.Valid {
			claimed++
		}
	}
	assert.Greater(q.t, claimed, 50)
}

func elements(array string) []string { return strings.Split(strings.Trim(array, "{}"), ",") }

func (q *questions) askOne(one recordedCase) {
	ctx := context.Background()
	q.ask(func(driver store.Driver) error {
		rows, err := operation.StepReadinessOf(ctx, driver, readiness.V02, one.ID, nil)
		return q.compare(err, one, "readiness", one.Expect.Readiness, q.statuses(rows))
	})
	q.ask(func(driver store.Driver) error {
		rows, err := operation.StepReadinessOf(ctx, driver, readiness.V01, one.ID, nil)
		return q.compare(err, one, "readiness v01", one.Expect.ReadinessV01, q.statuses(rows))
	})
	q.ask(func(driver store.Driver) error {
		rows, err := operation.DependencyLevels(ctx, driver, one.ID)
		levels := make([][2]int64, len(rows))
		for _, row := range rows {
			levels[row.StepID%1000-1] = [2]int64{row.StepID % 1000, int64(row.Level)}
		}
		return q.compare(err, one, "levels", one.Expect.Levels, levels)
	})
	q.ask(func(driver store.Driver) error {
		rows, err := operation.StepDAG(ctx, driver, one.ID)
		return q.compare(err, one, "dag", one.Expect.Dag, relationships(rows))
	})
}

// compare does nothing for an operation that did not come to its end.
func (q *questions) compare(err error, one recordedCase, what string, wanted json.RawMessage, got any) error {
	if err == nil {
		q.same(one, what, wanted, got)
	}
	return err
}

func (q *questions) same(one recordedCase, what string, wanted json.RawMessage, got any) {
	q.t.Helper()
	text, err := json.Marshal(got)
	require.NoError(q.t, err)
	assert.JSONEq(q.t, string(wanted), string(text), "case %d, %s", one.ID, what)
}

func (q *questions) statuses(rows []readiness.Status) []map[string]any {
	list := make([]map[string]any, len(rows))
	for i, row := range rows {
		list[i] = map[string]any{
			"key":                    row.WorkflowStepID % 1000,
			"current_state":          row.CurrentState,
			"dependencies_satisfied": row.DependenciesSatisfied,
			"retry_eligible":         row.RetryEligible,
			"ready_for_execution":    row.ReadyForExecution,
			"last_failure_ago":       q.seconds(row.LastFailureAt, -1),
			"next_retry_in":          q.seconds(row.NextRetryAt, 1),
			"total_parents":          row.TotalParents,
			"completed_parents":      row.CompletedParents,
			"attempts":               orNil(row.Attempts),
			"retry_limit":            row.RetryLimit,
		}
	}
	return list
}

// seconds gives how far a time lies from now, exact to the microsecond.
func (q *questions) seconds(at readiness.Null[int64], sign int64) any {
	if !at.Valid {
		return nil
	}
	return float64(sign*(at.Value-q.now)) / 1e6
}

func orNil[T any](value readiness.Null[T]) any {
	if !value.Valid {
		return nil
	}
	return value.Value
}

func contextOf(row readiness.Context) map[string]any {
	return map[string]any{
		"status": row.Status, "total_steps": row.TotalSteps, "pending_steps": row.PendingSteps,
		"in_progress_steps": row.InProgressSteps, "completed_steps": row.CompletedSteps,
		"failed_steps": row.FailedSteps, "ready_steps": row.ReadySteps,
		"execution_status": row.ExecutionStatus, "recommended_action": row.RecommendedAction,
		"completion_percentage": json.Number(row.CompletionPercentage), "health_status": row.HealthStatus,
	}
}

func relationships(rows []operation.Relationship) []map[string]any {
	list := make([]map[string]any, len(rows))
	for i, row := range rows {
		depth := any(nil)
		if row.MinDepth >= 0 {
			depth = row.MinDepth
		}
		list[i] = map[string]any{
			"key": row.StepID % 1000, "parents": keys(row.ParentIDs), "children": keys(row.ChildIDs),
			"is_root": row.IsRoot, "is_leaf": row.IsLeaf, "min_depth": depth,
		}
	}
	return list
}

func keys(ids []int64) []int64 {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = id % 1000
	}
	return list
}

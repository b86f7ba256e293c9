package conformance_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// oddTask has texts that quoting, arrays and JSON could spoil.
func oddTask() creation.Task {
	step := func(name string, parents ...string) creation.Step {
		return creation.Step{Name: name, System: `sys{"tem",\}`, DependsOn: parents, Retryable: true, RetryLimit: 3}
	}
	task := creation.Task{Namespace: "it's", Name: "odd " + rand.Text(), Version: "1.0.0", Context: `{"ü": "a\"b\\c", "n": 1.10}`,
		Initiator: `a "b", {c}`, SourceSystem: "NULL", Reason: "Grüße 🚀", Tags: []string{"x,y", `"`}, BypassSteps: []string{"a b"},
		Steps:    []creation.Step{step("NULL"), step("a,b{c}d\\e", "NULL"), step(`it's "quoted"`, "NULL"), step("tab\tnew\nline", `it's "quoted"`, "a,b{c}d\\e")},
		Identity: creation.Identity{Kind: creation.Hash}}
	task.Steps[1].Inputs = store.Text(`"NULL"`)
	task.Steps[2].Inputs = store.Text(`{"a": [null, "}"]}`)
	return task
}

func TestEveryDriverMakesTheSameTask(t *testing.T) {
	database := installedDatabase(t)
	conn := connect(t, database)
	const rows = `SELECT concat_ws(E'\x01', initiator, source_system, reason, tags, bypass_steps, context, identity_hash = $2,
  (SELECT string_agg(concat_ws(E'\x02', named.name, system.name, inputs), E'\x03' ORDER BY workflow_step_id) FROM tasker_workflow_steps
     JOIN tasker_named_steps named USING (named_step_id) JOIN tasker_dependent_systems system USING (dependent_system_id) WHERE task_id = $1),
  (SELECT string_agg(concat_ws('-', from_step_id - first.id, to_step_id - first.id), ',' ORDER BY edge.id) FROM tasker_workflow_step_edges edge,
     (SELECT min(workflow_step_id) AS id FROM tasker_workflow_steps WHERE task_id = $1) AS first
     WHERE to_step_id IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = $1)))
FROM tasker_tasks WHERE task_id = $1`
	seen := map[string]string{}
	eachRunner(t, database, func(t *testing.T, run runner) {
		var created *operation.Created
		now := "2026-01-02 03:04:05.678901"
		request := operation.CreateRequest{Task: oddTask(), Now: &now}
		require.NoError(t, run.write(func(driver store.Driver) (err error) {
			created, err = operation.CreateTask(context.Background(), driver, request)
			return err
		}))
		var text string
		require.NoError(t, conn.QueryRow(context.Background(), rows, created.TaskID, created.Identity).Scan(&text))
		seen[strings.TrimSpace(text)] = t.Name()

		again := request
		err := run.write(func(driver store.Driver) error {
			_, err := operation.CreateTask(context.Background(), driver, again)
			return err
		})
		var same *operation.SameTaskError
		require.ErrorAs(t, err, &same)
		assert.Equal(t, created.TaskID, same.TaskID.Value)
	})
	require.Len(t, seen, 1, "the drivers wrote different rows")
	for text := range seen {
		assert.Contains(t, text, "\x03it's \"quoted\"\x02sys{\"tem\",\\}\x02{\"a\": [null, \"}\"]}")
		assert.True(t, strings.HasSuffix(text, "0-1,0-2,2-3,1-3"), text)
	}
}

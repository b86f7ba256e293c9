package operation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// asked is a task of so many steps, each of which waits for the one before.
func asked(name string, steps int) creation.Task {
	task := creation.Task{Namespace: "made", Name: name, Version: "1.2.3", Context: `{"amount": 10000000000000000.5}`,
		Initiator: "tests", SourceSystem: creation.Unknown, Reason: creation.Unknown, Tags: []string{"a&b"},
		Identity: creation.Identity{Kind: creation.UUID}}
	for i := range steps {
		step := creation.Step{Name: fmt.Sprintf("step %d", i), System: fmt.Sprintf("system %d", i%3), Retryable: i%2 == 0, RetryLimit: int64(i % 5)}
		if i > 0 {
			step.DependsOn = []string{fmt.Sprintf("step %d", i-1)}
		}
		task.Steps = append(task.Steps, step)
	}
	return task
}

func (b testbed) create(t testing.TB, request operation.CreateRequest) *operation.Created {
	t.Helper()
	created, err := b.tryCreate(request)
	require.NoError(t, err)
	return created
}

func (b testbed) tryCreate(request operation.CreateRequest) (*operation.Created, error) {
	return inTransaction(b, func(driver store.Driver) (*operation.Created, error) {
		return operation.CreateTask(ctx, driver, request)
	})
}

func (b testbed) count(t testing.TB, table string) (count int) {
	t.Helper()
	require.NoError(t, b.conn.QueryRow(ctx, "SELECT count(*) FROM tasker_"+table).Scan(&count))
	return count
}

// counting notes the statements of an operation.
type counting struct {
	store.Driver
	names *[]string
}

func (c counting) Query(ctx context.Context, statement store.Statement) (store.Rows, error) {
	*c.names = append(*c.names, statement.Name)
	return c.Driver.Query(ctx, statement)
}

func TestATaskIsMadeWithAFewStatementsForAnySize(t *testing.T) {
	b := newTestbed(t, 1)
	statements := func(task creation.Task) (names []string) {
		_, err := inTransaction(b, func(driver store.Driver) (*operation.Created, error) {
			return operation.CreateTask(ctx, counting{driver, &names}, operation.CreateRequest{Task: task})
		})
		require.NoError(t, err)
		return names
	}
	first := []string{"task_definitions", "create_task_names", "create_task_templates", "create_task_links", "task_definitions", "create_task"}
	assert.Equal(t, first, statements(asked("large", 1000)))
	began := time.Now()
	assert.Equal(t, []string{"task_definitions", "create_task"}, statements(asked("large", 1000)))
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.Equal(t, first, statements(asked("small", 1)))
	assert.Equal(t, []string{"task_definitions", "create_task"}, statements(asked("small", 1)))
	for table, count := range map[string]int{"tasks": 4, "workflow_steps": 2002, "workflow_step_edges": 1998, "named_steps": 1000,
		"dependent_systems": 3, "named_tasks": 2, "named_tasks_named_steps": 1001, "task_namespaces": 1, "task_transitions": 0} {
		assert.Equal(t, count, b.count(t, table), table)
	}
}

func TestTheRowsAreThoseOfTheRequest(t *testing.T) {
	b := newTestbed(t, 1)
	task := asked("rows", 3)
	task.Steps[1].Inputs, task.Steps[1].Skippable = store.Text(`[1]`), true
	task.Steps[0].DependsOn, task.Steps[2].DependsOn = []string{"step 2"}, nil
	now := "2026-01-02 03:04:05.678901"
	created := b.create(t, operation.CreateRequest{Task: task, Now: &now})
	require.Len(t, created.StepIDs, 3)
	assert.Equal(t, "made rows 1.2.3 f tests unknown unknown [] [\"a&b\"] {\"amount\": 10000000000000000.5} 2026-01-02 03:04:05.678901",
		b.text(t, `SELECT concat_ws(' ', namespace.name, named.name, named.version, task.complete, initiator, source_system, reason,
			bypass_steps, tags, context, requested_at) FROM tasker_tasks task JOIN tasker_named_tasks named USING (named_task_id)
			JOIN tasker_task_namespaces namespace USING (task_namespace_id) WHERE task.created_at = requested_at AND task.updated_at = requested_at`))
	assert.Equal(t, "step 0,t,0,f,0,f,f,{},{\"amount\": 10000000000000000.5};step 1,f,1,t,0,f,f,{},[1];step 2,t,2,f,0,f,f,{},{\"amount\": 10000000000000000.5}",
		b.text(t, `SELECT string_agg(concat_ws(',', named.name, retryable, retry_limit, skippable, attempts, in_process, processed, results, inputs), ';'
			ORDER BY workflow_step_id) FROM tasker_workflow_steps JOIN tasker_named_steps named USING (named_step_id) WHERE task_id = $1`, created.TaskID))
	assert.Equal(t, fmt.Sprintf("%d-%d provides,%d-%d provides", created.StepIDs[2], created.StepIDs[0], created.StepIDs[0], created.StepIDs[1]),
		b.text(t, `SELECT string_agg(concat(from_step_id, '-', to_step_id, ' ', name), ',' ORDER BY id) FROM tasker_workflow_step_edges`))
}

func TestWhatIsThereIsUsedAndStaysAsItIs(t *testing.T) {
	b := newTestbed(t, 1)
	b.create(t, operation.CreateRequest{Task: asked("known", 2)})
	exec(t, b.conn, `UPDATE tasker_named_tasks_named_steps SET default_retry_limit = 42`)
	again := asked("known", 2)
	// As in the engine, a named task notes one step of a name, whatever its system.
	again.Steps[0].System = "another"
	b.create(t, operation.CreateRequest{Task: again})
	assert.Equal(t, 2, b.count(t, "named_tasks_named_steps WHERE default_retry_limit = 42"))
	assert.Equal(t, 2, b.count(t, "named_tasks_named_steps"))
	assert.Equal(t, 3, b.count(t, "named_steps"))
	// What is there takes no numbers of the sequences.
	for range 3 {
		b.create(t, operation.CreateRequest{Task: again})
	}
	assert.Equal(t, "1 3 3 2", b.text(t, `SELECT concat_ws(' ', (SELECT last_value FROM tasker_task_namespaces_task_namespace_id_seq),
		(SELECT last_value FROM tasker_dependent_systems_dependent_system_id_seq),
		(SELECT last_value FROM tasker_named_steps_named_step_id_seq), (SELECT last_value FROM tasker_named_tasks_named_steps_id_seq))`))
}

func TestAnIdentityIsThereOnce(t *testing.T) {
	b := newTestbed(t, 1)
	task := asked("same", 1)
	task.Identity = creation.Identity{Kind: creation.Hash}
	now, later := "2026-01-02 03:04:05", "2026-01-02 03:05:00"
	first := b.create(t, operation.CreateRequest{Task: task, Now: &now})
	assert.Equal(t, b.text(t, `SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')`, task.HashedText()+`2026-01-02 03:04"}`), first.Identity)
	_, err := b.tryCreate(operation.CreateRequest{Task: task, Now: &now})
	var same *operation.SameTaskError
	require.ErrorAs(t, err, &same)
	assert.Equal(t, store.NullInt{Value: first.TaskID, Valid: true}, same.TaskID)
	assert.ErrorContains(t, err, fmt.Sprintf("task %d has the identity hash %q", first.TaskID, first.Identity))
	b.create(t, operation.CreateRequest{Task: task, Now: &later})
	berlin := "2026-01-02 04:05"
	b.create(t, operation.CreateRequest{Task: task, Now: &later, Minute: &berlin})
	task.Identity = creation.Identity{Kind: creation.Given, Text: "order 42"}
	assert.Equal(t, "order 42", b.create(t, operation.CreateRequest{Task: task}).Identity)
	assert.Equal(t, 4, b.count(t, "tasks"))
	task.Identity = creation.Identity{Kind: creation.UUID}
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, b.create(t, operation.CreateRequest{Task: task}).Identity)
}

// Many at once make tasks whose definitions overlap and are named in different orders: each
// definition is there once, and nobody fails, waits for ever or leaves anything out.
func TestManyMakeTheSameDefinitionsAtOnce(t *testing.T) {
	b := newTestbed(t, 1)
	const makers, rounds = 8, 6
	var wait sync.WaitGroup
	errs := make(chan error, makers*rounds)
	for maker := range makers {
		wait.Go(func() {
			for round := range rounds {
				task := asked(fmt.Sprintf("race %d", round), 12)
				for i := range task.Steps {
					task.Steps[i].DependsOn = nil
				}
				if maker%2 == 1 {
					for i, j := 0, len(task.Steps)-1; i < j; i, j = i+1, j-1 {
						task.Steps[i], task.Steps[j] = task.Steps[j], task.Steps[i]
					}
				}
				_, err := b.tryCreate(operation.CreateRequest{Task: task})
				errs <- err
			}
		})
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for table, count := range map[string]int{"tasks": makers * rounds, "workflow_steps": makers * rounds * 12, "task_namespaces": 1,
		"dependent_systems": 3, "named_steps": 12, "named_tasks": rounds, "named_tasks_named_steps": rounds * 12} {
		assert.Equal(t, count, b.count(t, table), table)
	}
}

func TestOfTwoAtOnceWithOneIdentityOneIsMade(t *testing.T) {
	b := newTestbed(t, 1)
	task := asked("twice", 2)
	b.create(t, operation.CreateRequest{Task: task})
	task.Identity = creation.Identity{Kind: creation.Given, Text: "once"}
	var wait sync.WaitGroup
	results := make(chan error, 8)
	for range cap(results) {
		wait.Go(func() {
			_, err := b.tryCreate(operation.CreateRequest{Task: task})
			results <- err
		})
	}
	wait.Wait()
	close(results)
	made := 0
	for err := range results {
		var same *operation.SameTaskError
		if err == nil {
			made++
		} else {
			require.ErrorAs(t, err, &same)
		}
	}
	assert.Equal(t, 1, made)
	assert.Equal(t, 2, b.count(t, "tasks"))
	assert.Equal(t, 4, b.count(t, "workflow_steps"))
}

func TestAMadeTaskIsTakenUpByAWorker(t *testing.T) {
	b := newTestbed(t, 1)
	task := asked("t", 2)
	task.Namespace, task.Steps[1].RetryLimit, task.Steps[1].Retryable = "n", 3, true
	task.Steps[0].RetryLimit = 1
	created := b.create(t, operation.CreateRequest{Task: task})
	for place := range task.Steps {
		claimed := b.claimReady(t, operation.ClaimRequest{Handlers: handlersFor("step 0", "step 1"), StartTasks: true})
		require.Equal(t, created.StepIDs[place:place+1], ids(claimed))
		b.finishClaim(t, claimed[0], lifecycle.Complete)
	}
	assert.Equal(t, lifecycle.Complete, b.finalize(t, created.TaskID))
	assert.Equal(t, "in_progress complete", b.text(t, `SELECT string_agg(to_state, ' ' ORDER BY sort_key) FROM tasker_task_transitions`))
}

func TestATaskForRailsIsMarkedUntilItIsEnqueued(t *testing.T) {
	b := newTestbed(t, 1)
	exec(t, b.conn, "LISTEN "+store.ChannelCreated)
	exec(t, b.conn, "LISTEN "+store.ChannelReady)
	for channel, enqueue := range map[string]bool{store.ChannelCreated: true, store.ChannelReady: false} {
		created := b.create(t, operation.CreateRequest{Task: asked("railway", 1), Enqueue: enqueue})
		waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
		heard, err := b.conn.WaitForNotification(waiting)
		cancel()
		require.NoError(t, err)
		assert.Equal(t, channel, heard.Channel)
		assert.Equal(t, fmt.Sprint(created.TaskID), heard.Payload)
	}
	assert.Equal(t, `pending 10 t {"wake_up": "created"}`,
		b.text(t, `SELECT concat_ws(' ', to_state, sort_key, most_recent, metadata) FROM tasker_task_transitions`))
	stuck, err := operation.StuckTasks(ctx, b.pool, 0)
	require.NoError(t, err)
	assert.Len(t, stuck.ID, 1, "nobody has enqueued it yet")
}

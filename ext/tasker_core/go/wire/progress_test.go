package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
)

const someProgress = `
INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at) VALUES
  (1, 'in_progress', 10, false, localtimestamp - interval '9 seconds', now()),
  (1, 'complete', 20, true, localtimestamp - interval '7 seconds', now()),
  (2, 'in_progress', 10, true, localtimestamp - interval '5 seconds', now());
INSERT INTO tasker_task_transitions (task_id, to_state, sort_key, most_recent, created_at, updated_at)
  VALUES (7, 'in_progress', 10, true, now(), now());
UPDATE tasker_workflow_steps SET attempts = 1, retry_limit = 4 WHERE workflow_step_id = 1`

func TestTheProgressOfATaskIsOneStatement(t *testing.T) {
	host := newHost(t)
	exec(t, host.conn.Config().ConnString(), someProgress)
	parked := dispatched(t, host.core, "task_progress", arguments{"task_id": 7}, []any{})
	require.Equal(t, replyStatement, parked.Kind)
	reply := dispatched(t, host.core, "task_progress", arguments{"task_id": 7}, []any{host.answer(parked.Elements)})
	require.Equal(t, replyValue, reply.Kind)
	got := reply.Elements[0].([]any)

	require.Len(t, got, 6)
	assert.Equal(t, []any{"n", "t", "in_progress"}, []any{got[0], got[1], got[3]})
	assert.EqualValues(t, 3, got[5].(map[string]any)["rows"])
	assert.Nil(t, host.ask("task_progress", arguments{"task_id": 8}))
}

func TestTheProgressOfStepsHasTheirTimesAndParents(t *testing.T) {
	database := installedDatabase(t)
	exec(t, database, lineOfThree)
	exec(t, database, someProgress)
	progress, err := operation.TaskProgress(t.Context(), openCore(t, database).Pool, 7)
	require.NoError(t, err)

	steps := progress.Steps
	require.Len(t, steps, 3)
	assert.Equal(t, []string{"complete", "in_progress", "pending"}, []string{steps[0].State, steps[1].State, steps[2].State})
	assert.Equal(t, []int32{0, 1, 2}, []int32{steps[0].Level, steps[1].Level, steps[2].Level})
	assert.Equal(t, [][]int64{nil, {1}, {2}}, [][]int64{steps[0].ParentIDs, steps[1].ParentIDs, steps[2].ParentIDs})
	assert.Equal(t, []int64{1, 4}, []int64{steps[0].Attempts, steps[0].RetryLimit.Value})
	assert.InDelta(t, 2_000_000, steps[0].Duration.Value, 100_000)
	assert.InDelta(t, 5_000_000, steps[1].Duration.Value, 3_000_000)
	assert.False(t, steps[2].Duration.Valid || steps[2].Began.Valid || steps[2].Ended.Valid || steps[1].Ended.Valid)

	exec(t, database, "INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at) VALUES (3, 1, 'provides', now(), now())")
	_, err = operation.TaskProgress(t.Context(), openCore(t, database).Pool, 7)
	assert.Equal(t, CodeCycle, FromError(err).Code)
}

func TestAnUnknownTaskIsToldFromOneWithoutRows(t *testing.T) {
	core := openCore(t, installedDatabase(t))
	for _, operation := range []string{"step_readiness", "viable_steps", "dependency_levels", "step_dag"} {
		with := arguments{"task_id": 4711}
		if operation == "step_readiness" || operation == "viable_steps" {
			with["function_version"] = 2
		}
		assert.Equal(t, replyValue, dispatched(t, core, operation, with, nil).Kind, operation)
		with["must_exist"] = true
		missing := dispatched(t, core, operation, with, nil)
		assert.Equal(t, string(CodeNotFound), missing.code(t), operation)
		assert.Contains(t, missing.Elements[0].(map[string]any)["message"], "there is no task 4711, or the transaction that creates it")
	}
}

func TestATaskWithoutStepsMayHaveNoRows(t *testing.T) {
	database := installedDatabase(t)
	exec(t, database, lineOfThree+`; DELETE FROM tasker_workflow_step_edges; DELETE FROM tasker_workflow_steps`)
	reply := dispatched(t, openCore(t, database), "viable_steps", arguments{"task_id": 7, "function_version": 2, "must_exist": true}, nil)
	assert.Equal(t, replyValue, reply.Kind)
}

func TestThePingOfTheDatabaseReachesIt(t *testing.T) {
	assert.Equal(t, "pong", dispatched(t, openCore(t, installedDatabase(t)), "ping_database", arguments{}, nil).Elements[0])
	gone := openCore(t, "postgresql://nobody@127.0.0.1:1/nothing")
	assert.Equal(t, string(CodeDatabase), dispatched(t, gone, "ping_database", arguments{}, nil).code(t))
	assert.Equal(t, "pong", dispatched(t, gone, "ping", arguments{}, nil).Elements[0])
}

func TestWhatDoesNotFitAnOperationIsNamed(t *testing.T) {
	core := openCore(t, "")
	for _, one := range []struct {
		operation string
		with      arguments
		says      string
	}{
		{"draw", arguments{"taskid": 7}, "unknown name taskid; did you mean task_id?"},
		{"ping", arguments{"x": 7}, "unknown name x"},
		{"analyze_graph", arguments{"task_id": 7, "function_version": 2, "weights": map[string]any{"impact_multipliers": map[string]any{"blocked_wieght": 1}}},
			"impact_multipliers: unknown name blocked_wieght; did you mean blocked_weight?"},
		{"stuck_steps", arguments{"older_than": -1}, "older_than is -1; it must be from 0 up to 100 years, in microseconds"},
		{"stuck_steps", arguments{}, "older_than is missing; it must be from 0"},
		{"claim_ready_steps", arguments{"handlers": [][]string{{"n", "t", "", ""}}, "limit": 1, "function_version": 2},
			"a handler needs the names of a task and of a step"},
		{"publish_events", arguments{"events": []any{[]any{"a", nil, "x", nil, nil, nil, nil, nil}}},
			"it cannot be published: the event's task_id is a string; it must be an integer"},
		{"publish_events", arguments{"events": []any{[]any{"a", nil, 1, nil, nil, nil, nil, nil}, []any{"a", nil, 1, nil, 7, nil, nil, nil}}},
			"it cannot be published: event 1 of the list: namespace is an integer; it must be a string"},
	} {
		refused := dispatched(t, core, one.operation, one.with, []any{})
		assert.Equal(t, string(CodeInvalidArgument), refused.code(t), one.says)
		assert.Contains(t, refused.Elements[0].(map[string]any)["message"], one.says)
	}
}

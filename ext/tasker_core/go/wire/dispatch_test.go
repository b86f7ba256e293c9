package wire

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

func quietSettings() config.Config { return config.Defaults() }

func quietLog() *telemetry.Log { return &telemetry.Log{Logger: zap.NewNop()} }

func TestOperationsAreListedInOrder(t *testing.T) {
	names := Operations()
	assert.True(t, slices.IsSorted(names))
	assert.Len(t, names, len(operations))
	for name := range writes {
		assert.Contains(t, names, name)
	}
}

func TestAnUnknownOperationIsNamed(t *testing.T) {
	sent := dispatched(t, openCore(t, ""), "fly", arguments{}, []any{})
	assert.Equal(t, string(CodeUnknownOperation), sent.code(t))
	assert.Contains(t, sent.Elements[0].(map[string]any)["message"], `"fly"`)
}

func TestTheHostIsAskedStatementByStatement(t *testing.T) {
	core := openCore(t, "")
	first := dispatched(t, core, "dependency_levels", arguments{"task_id": 7}, []any{})
	require.Equal(t, replyStatement, first.Kind)
	name := first.Elements[0].(string)
	assert.Equal(t, []any{"7"}, first.Elements[2])
	assert.Equal(t, false, first.Elements[3])

	again := dispatched(t, core, "dependency_levels", arguments{"task_id": 7}, []any{})
	assert.Equal(t, first, again, "a call leaves nothing behind")

	failed := dispatched(t, core, "dependency_levels", arguments{"task_id": 7}, []any{[]any{name, nil, []any{"42P01", "no table"}}})
	assert.Equal(t, string(CodeSchemaMissing), failed.code(t))
	assert.Contains(t, failed.Elements[0].(map[string]any)["message"], "run the engine's migrations, or install_schema")
	garbled := dispatched(t, core, "dependency_levels", arguments{"task_id": 7}, []any{[]any{name, []any{[]any{"x"}}, nil}})
	assert.Equal(t, string(CodeMalformedAnswer), garbled.code(t))
	swapped := dispatched(t, core, "dependency_levels", arguments{"task_id": 7}, []any{[]any{"another", []any{}, nil}})
	assert.Equal(t, string(CodeInternal), swapped.code(t))
}

func TestArgumentsThatDoNotFitAreRefusedBeforeAnyStatement(t *testing.T) {
	core := openCore(t, "")
	for _, one := range []struct {
		operation string
		arguments any
	}{
		{"dependency_levels", arguments{}},
		{"dependency_levels", arguments{"task_id": nil}},
		{"dependency_levels", arguments{"task_id": "7"}},
		{"dependency_levels", arguments{"task_id": 1.5}},
		{"dependency_levels", arguments{"task_id": uint64(math.MaxUint64)}},
		{"dependency_levels", arguments{"task_id": 7, "colour": "red"}},
		{"dependency_levels", []any{7}},
		{"step_readiness", arguments{"task_id": 7, "function_version": 3}},
		{"step_readiness_batch", arguments{"task_ids": []any{"7"}, "function_version": 2}},
		{"transition_step", arguments{"to": "complete"}},
		{"transition_step", arguments{"step_id": 7, "to": "complete", "metadata": "[1]"}},
		{"slowest_steps", arguments{"limit": -1}},
		{"open_session", arguments{"function_version": 2}},
		{"session_claim", arguments{"session": 1}},
		{"session_finish", arguments{"session": 1, "step_id": 7, "to": "pending"}},
		{"session_finish", arguments{"session": 1, "step_id": 7, "to": "error", "claim": 8}},
		{"session_finish", arguments{"session": 1, "step_id": 7, "to": "complete", "colour": nil}},
		{"session_finish", arguments{"session": 1, "step_id": 7, "to": "complete", "claim": "8"}},
		{"session_settle", arguments{"session": 1, "to": "complete", "now": then}},
		{"session_settle", arguments{"session": 1, "step_id": 7, "to": "complete"}},
		{"session_settle", arguments{"session": 1, "step_id": 7, "to": "complete", "now": nil}},
		{"session_settle", arguments{"session": 1, "step_id": 7, "to": "pending", "now": then}},
		{"session_settle", arguments{"session": 1, "step_id": 7, "to": "error", "now": then, "claim": 8}},
		{"session_settle", arguments{"session": 1, "step_id": 7, "to": "in_progress", "now": then, "claim": 8}},
	} {
		sent := dispatched(t, core, one.operation, one.arguments, []any{})
		assert.Equal(t, string(CodeInvalidArgument), sent.code(t), "%v", one)
	}
}

func TestTooManyIDsAreRefused(t *testing.T) {
	sent := dispatched(t, openCore(t, ""), "step_readiness_batch",
		arguments{"task_ids": make([]int64, maxIDs+1), "function_version": 2}, []any{})
	assert.Equal(t, string(CodeInvalidArgument), sent.code(t))
}

func TestASessionThatIsNotOpenIsNamed(t *testing.T) {
	for _, operation := range []string{"session_next", "session_context", "session_refresh"} {
		assert.Equal(t, string(CodeSession), dispatched(t, openCore(t, ""), operation, arguments{"session": 9}, []any{}).code(t))
	}
}

func TestThePoolAnswersInOneCall(t *testing.T) {
	core := openCore(t, installedDatabase(t))
	assert.Equal(t, reply{Kind: replyValue, Elements: []any{int8(2)}}, dispatched(t, core, "readiness_version", arguments{}, nil))
	assert.Equal(t, string(CodeSchemaNotEmpty), dispatched(t, core, "install_schema", arguments{}, nil).code(t))
	assert.Equal(t, string(CodeNotFound), dispatched(t, core, "transition_task", arguments{"task_id": 1, "to": "complete"}, nil).code(t))

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	sent := decoded(t, Dispatch(cancelled, core, encoded(t, []any{"readiness_version", arguments{}, nil})))
	assert.Equal(t, string(CodeCancelled), sent.code(t))
}

package wire

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newTask(changes map[string]any) map[string]any {
	arguments := map[string]any{"name": "report", "context": `{"day": "2026-11-26"}`,
		"steps": []any{map[string]any{"name": "extract"}, map[string]any{"name": "load", "depends_on": []string{"extract"}}}}
	maps.Copy(arguments, changes)
	return arguments
}

func TestATaskIsMadeAndTold(t *testing.T) {
	core := openCore(t, installedDatabase(t))
	subscription := dispatched(t, core, "subscribe", map[string]any{"names": []string{"task.*"}}, []any{})
	require.Zero(t, subscription.Kind, "%v", subscription.Elements)
	made := dispatched(t, core, "create_task", newTask(map[string]any{"namespace": "etl"}), []any{})
	require.Zero(t, made.Kind, "%v", made.Elements)
	value := made.Elements[0].([]any)
	require.Len(t, value, 4)
	assert.Len(t, value[1], 2)
	assert.Len(t, value[2], 36)
	event := value[3].(map[string]any)
	assert.Equal(t, "report", event["task_name"])
	assert.EqualValues(t, 2, event["step_count"])
	assert.NotContains(t, event, "task_context", "the caller has it")
	stats := dispatched(t, core, "event_stats", map[string]any{}, []any{})
	assert.EqualValues(t, 1, stats.Elements[0].(map[string]any)["matched"])
}

func TestATaskThatCannotBeMadeIsRefusedByName(t *testing.T) {
	core := openCore(t, "")
	circle := []any{map[string]any{"name": "a", "depends_on": []string{"b"}}, map[string]any{"name": "b", "depends_on": []string{"a"}}}
	for message, changes := range map[string]map[string]any{
		"invalid arguments: unknown name initatior; did you mean initiator?":                                                              {"initatior": "x"},
		"invalid arguments: name is an integer; it must be a string":                                                                      {"name": 1},
		"invalid arguments: tags is a string; it must be a list":                                                                          {"tags": "x"},
		"steps[0] is not a map; a step is a map with a name":                                                                              {"steps": []any{"extract"}},
		"steps[0] is invalid: unknown name retries; known: dependent_system, depends_on, inputs, name, retry_limit, retryable, skippable": {"steps": []any{map[string]any{"name": "a", "retries": 1}}},
		"steps[0] is invalid: retry_limit is a number with a fraction; it must be an integer":                                             {"steps": []any{map[string]any{"name": "a", "retry_limit": 1.5}}},
		"steps[0] is invalid: depends_on is a string; it must be a list":                                                                  {"steps": []any{map[string]any{"name": "a", "depends_on": "b"}}},
		"steps[0].name is missing or blank; it must be a string":                                                                          {"steps": []any{map[string]any{}}},
		"steps has 0 steps; a task has from 1 to 100000":                                                                                  {"steps": nil},
		`identity is "md5"; it must be uuid or hash; pass your own identity as identity_hash`:                                             {"identity": "md5"},
		"identity and identity_hash are both set; pass one of them: a kind (uuid or hash), or your own string":                            {"identity": "hash", "identity_hash": "x"},
	} {
		refused := dispatched(t, core, "create_task", newTask(changes), []any{})
		require.Equal(t, "invalid_argument", refused.code(t))
		assert.Equal(t, message, refused.Elements[0].(map[string]any)["message"])
	}
	refused := dispatched(t, core, "create_task", newTask(map[string]any{"steps": circle}), []any{})
	require.Equal(t, "cycle", refused.code(t))
	assert.Equal(t, map[string]any{"path": []any{"a", "b", "a"}}, refused.Elements[0].(map[string]any)["details"])
	assert.Equal(t, replyStatement, dispatched(t, core, "create_task", newTask(nil), []any{}).Kind, "the first statement is asked for")
}

func TestASecondTaskOfOneIdentityIsADuplicate(t *testing.T) {
	core := openCore(t, installedDatabase(t))
	arguments := newTask(map[string]any{"identity_hash": "order 42"})
	made := dispatched(t, core, "create_task", arguments, []any{})
	require.Zero(t, made.Kind, "%v", made.Elements)
	refused := dispatched(t, core, "create_task", arguments, []any{})
	require.Equal(t, "duplicate", refused.code(t))
	assert.Equal(t, map[string]any{"identity_hash": "order 42", "task_id": made.Elements[0].([]any)[0]},
		refused.Elements[0].(map[string]any)["details"])
}

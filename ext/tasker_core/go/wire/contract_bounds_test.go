package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
)

// samples are values that fit an argument, where its type alone does not say one.
var samples = map[string]any{
	"context": `{"a":1}`, "trace": make([]byte, 16), "steps": []any{[]any{"a", []any{}}}, "seconds": 0.0,
	"name": "order.sent", "task_id": 7, "session": 1, "columns": map[string]any{}, "queue": 4711, "token": 1,
	"names": []string{"*"},
}

func sample(operation string, a contractArgument) any {
	if operation == "create_task" && a.Name == "steps" {
		return []any{map[string]any{"name": "a"}}
	}
	if value, ok := samples[a.Name]; ok {
		return value
	}
	if len(a.Values) > 0 {
		return whole(a.Values[0])
	}
	if a.Minimum != nil {
		return *a.Minimum
	}
	switch a.Type {
	case "id", "integer", "number":
		return 1
	case "ids":
		return []int{1}
	case "texts", "list":
		return []any{}
	case "boolean":
		return false
	case "map":
		return map[string]any{}
	}
	return sampleText(a)
}

func sampleText(a contractArgument) string {
	switch {
	case strings.HasPrefix(a.Unit, "JSON"):
		return "{}"
	case strings.HasPrefix(a.Unit, "time as "):
		return strings.TrimPrefix(a.Unit, "time as ")
	}
	return "x"
}

func whole(value any) any {
	if number, ok := value.(float64); ok {
		return int64(number)
	}
	return value
}

// fitting are all arguments that an operation demands.
func fitting(o contractOperation) arguments {
	given := arguments{}
	for _, a := range o.Arguments {
		if !a.Optional {
			given[a.Name] = sample(o.Name, a)
		}
	}
	if o.Name == "predict_transition" {
		given["step_id"] = 1 // this or task_id
	}
	return given
}

// refused asks an operation with what does not fit.
func refused(t *testing.T, core *operation.Core, o contractOperation, with arguments, about string) {
	t.Helper()
	sent := dispatched(t, core, o.Name, with, nil)
	require.Equal(t, replyError, sent.Kind, "%s takes %.100v", o.Name, with)
	failure := sent.Elements[0].(map[string]any)
	assert.Equal(t, string(CodeInvalidArgument), failure["code"], "%s with %.100v: %v", o.Name, with, failure["message"])
	assert.Contains(t, failure["message"], about, "%s with %.100v", o.Name, with)
}

func TestAnArgumentThatIsNotOptionalIsDemanded(t *testing.T) {
	core := openCore(t, "")
	for _, o := range readContract(t).Operations {
		for _, a := range o.Arguments {
			if a.Optional {
				continue
			}
			given := fitting(o)
			delete(given, a.Name)
			refused(t, core, o, given, "")
			given[a.Name] = nil
			refused(t, core, o, given, "")
		}
	}
}

func TestAnOptionalArgumentMayBeLeftOutOrNil(t *testing.T) {
	core := openCore(t, "")
	for _, o := range readContract(t).Operations {
		given := fitting(o)
		for _, a := range o.Arguments {
			if _, demanded := given[a.Name]; !demanded {
				given[a.Name] = nil
			}
		}
		for _, with := range []arguments{fitting(o), given} {
			sent := dispatched(t, core, o.Name, with, nil)
			if sent.Kind == replyError {
				assert.NotContains(t, sent.Elements[0].(map[string]any)["message"], "missing", o.Name)
				assert.NotContains(t, sent.Elements[0].(map[string]any)["message"], "invalid arguments", o.Name)
			}
		}
	}
}

func TestAnArgumentOfAnotherTypeIsRefused(t *testing.T) {
	core := openCore(t, "")
	values := map[string][]any{
		"an integer": {7}, "a number": {7.5}, "a string": {"x"}, "a boolean": {true}, "a list": {[]any{"x"}, []any{true}}, "a map": {map[string]any{"x": 1}},
	}
	fits := map[string][]string{
		"id": {"an integer"}, "integer": {"an integer"}, "number": {"an integer", "a number"}, "text": {"a string"}, "boolean": {"a boolean"},
		"bytes": {"a string"}, "texts": {"a list"}, "list": {"a list"}, "map": {"a map"}, "ids": {},
	}
	for _, o := range readContract(t).Operations {
		for _, a := range o.Arguments {
			for kind, wrong := range values {
				if slices.Contains(fits[a.Type], kind) {
					continue
				}
				for _, value := range wrong {
					given := fitting(o)
					given[a.Name] = value
					refused(t, core, o, given, "")
				}
			}
		}
	}
}

func TestWhatIsOutOfBoundsIsRefused(t *testing.T) {
	core := openCore(t, "")
	bounds := 0
	for _, o := range readContract(t).Operations {
		for _, a := range o.Arguments {
			for _, value := range outside(a) {
				given := fitting(o)
				given[a.Name] = value
				refused(t, core, o, given, "")
				bounds++
			}
		}
	}
	assert.Greater(t, bounds, 20)
}

// outside are values just beyond the bounds of an argument.
func outside(a contractArgument) (values []any) {
	if a.Minimum != nil {
		values = append(values, *a.Minimum-1)
	}
	switch {
	case a.Maximum == nil:
	case a.Type == "ids":
		values = append(values, make([]int8, *a.Maximum+1))
	case a.Type == "list":
		values = append(values, slices.Repeat([]any{[]any{"a", []any{}}}, int(*a.Maximum+1)))
	default:
		values = append(values, *a.Maximum+1)
	}
	if len(a.Values) > 0 && a.Type == "text" {
		values = append(values, "neither")
	} else if len(a.Values) > 0 {
		values = append(values, 0, 3)
	}
	if a.Type == "id" || a.Type == "ids" {
		values = append(values, uint64(1<<63))
	}
	return values
}

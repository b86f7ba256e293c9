package wire

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/operation"
)

// Every operation runs over a task of three steps; what it answers has the form that the
// contract says, and an error one of its codes.
func TestAnAnswerHasTheFormOfTheContract(t *testing.T) {
	database := installedDatabase(t)
	exec(t, database, lineOfThree)
	core, c := openCore(t, database), readContract(t)
	answered := 0
	for _, o := range c.Operations {
		t.Run(o.Name, func(t *testing.T) {
			given := running(t, core, o)
			if o.Name == "analyze_graph" {
				// The ids that are its keys are not for the decoder of this test.
				data := Dispatch(context.Background(), core, encoded(t, []any{o.Name, given, nil}))
				assert.True(t, isMap(data[2]), "%x", data[:8])
				answered++
				return
			}
			sent := dispatched(t, core, o.Name, given, nil)
			if sent.Kind == replyError {
				assert.Contains(t, append(o.Errors, "invalid_argument"), sent.code(t), "%v", sent.Elements)
				return
			}
			answered++
			c.hasForm(t, o, sent.Elements[0])
		})
	}
	assert.GreaterOrEqual(t, answered, len(c.Operations)-5)
}

// running are arguments that fit, with a session and a queue that are open.
func running(t *testing.T, core *operation.Core, o contractOperation) arguments {
	t.Helper()
	given := fitting(o)
	if _, ok := given["session"]; ok {
		view := dispatched(t, core, "open_session", arguments{"task_id": 7, "function_version": 2}, nil)
		require.Equal(t, replyValue, view.Kind, "%v", view.Elements)
		given["session"] = asInt(t, view.Elements[0].([]any)[0])
	}
	if _, ok := given["events"]; ok {
		given["events"] = []any{}
	}
	return given
}

func (c contract) hasForm(t *testing.T, o contractOperation, value any) {
	t.Helper()
	if value == nil {
		assert.True(t, o.Result.Optional || o.Result.Kind == "nothing", "nil")
		return
	}
	switch o.Result.Kind {
	case "table", "row":
		c.isOf(t, o.Result.Of, value)
		if o.Result.Kind == "row" && !o.Result.Optional {
			assert.EqualValues(t, 1, value.(map[string]any)["rows"])
		}
	case "list":
		list, ok := value.([]any)
		assert.True(t, ok, "%T", value)
		for _, element := range list {
			c.isOf(t, o.Result.Of, element)
		}
	case "map":
		assert.IsType(t, map[string]any{}, value)
	case "nothing":
		assert.Nil(t, value)
	default:
		c.isOf(t, o.Result.Of, value)
	}
}

// isOf fails where a value is not of a type, a row or a tuple of the contract.
func (c contract) isOf(t *testing.T, name string, value any) {
	t.Helper()
	if row, ok := c.Rows[name]; ok {
		var columns [][2]string
		for _, column := range row.Columns {
			columns = append(columns, [2]string{column[0], strings.TrimSuffix(column[1], "?")})
		}
		assert.Equal(t, columns, columnsOf(t, value))
		return
	}
	if tuple, ok := c.Tuples[name]; ok {
		places, ok := value.([]any)
		require.True(t, ok, "%T is no %s", value, name)
		require.Len(t, places, len(tuple.Places))
		for i, place := range tuple.Places {
			if kind, optional := strings.CutSuffix(place[1], "?"); !optional || places[i] != nil {
				c.isOf(t, kind, places[i])
			}
		}
		return
	}
	assert.True(t, isKind(name, value), "%v (%T) is no %s", value, value, name)
}

func isKind(kind string, value any) bool {
	switch kind {
	case "id", "integer", "time":
		of := reflect.ValueOf(value)
		return of.IsValid() && (of.CanInt() || of.CanUint())
	case "text":
		_, ok := value.(string)
		return ok
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "bytes":
		_, ok := value.([]byte)
		return ok
	case "map":
		_, ok := value.(map[string]any)
		return ok
	case "ids", "texts":
		list, ok := value.([]any)
		element := strings.TrimSuffix(kind, "s")
		return ok && !slices.ContainsFunc(list, func(one any) bool { return !isKind(element, one) })
	}
	return kind == "any"
}

// columnsOf are a table's columns with their kinds; that a column may be null is not in the
// table.
func columnsOf(t *testing.T, value any) (columns [][2]string) {
	t.Helper()
	table, ok := value.(map[string]any)
	require.True(t, ok, "%T is no table", value)
	for _, column := range table["columns"].([]any) {
		fields := column.([]any)
		columns = append(columns, [2]string{fmt.Sprint(fields[0]), fmt.Sprint(fields[1])})
	}
	return columns
}

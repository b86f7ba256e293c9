package wire

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// odd are values that no argument, or hardly any, expects.
var odd = []any{
	nil, true, -1, 0, int64(math.MinInt64), uint64(math.MaxUint64), 1.5, math.NaN(), math.Inf(-1), "", "in_progress", "\x00", "\xff\xfe",
	strings.Repeat("x", 70_000), []byte{0, 0xff}, []any{}, []any{nil}, []any{-1, "", nil, []any{}}, []any{[]any{nil, nil, nil, nil}},
	map[string]any{}, map[string]any{"": nil}, map[string]any{"a": map[string]any{"b": nil}},
	msgpack.RawMessage{0xd4, 0x7f, 0x01}, msgpack.RawMessage{0xc7, 0x00, 0xff},
	msgpack.RawMessage{0x81, 0x91, 0x01, 0x02}, msgpack.RawMessage{0x81, 0xc4, 0x01, 0x02, 0xc0}, msgpack.RawMessage{0xd6, 0xff, 1, 2, 3, 4},
}

// waiting are operations that an odd argument may make wait.
var waiting = []string{"await_steps"}

// argumentsOf names what an operation takes.
func argumentsOf(operation string) []string { return argumentNames(operations[operation].arguments) }

// harmless fails where a reply is none, or tells of a fault of the core.
func harmless(t *testing.T, data []byte, what ...any) reply {
	t.Helper()
	var sent struct {
		_msgpack struct{} `msgpack:",as_array"`
		Kind     int
		First    msgpack.RawMessage
	}
	d := msgpack.NewDecoder(bytes.NewReader(data))
	count, err := d.DecodeArrayLen()
	require.NoError(t, err)
	require.GreaterOrEqual(t, count, 2)
	sent.Kind, err = d.DecodeInt()
	require.NoError(t, err)
	require.Contains(t, []int{replyValue, replyStatement, replyError}, sent.Kind, what...)
	if sent.Kind != replyError {
		return reply{Kind: sent.Kind}
	}
	answer := decoded(t, data)
	require.NotContains(t, []string{string(CodePoisoned)}, answer.code(t), what...)
	message, _ := answer.Elements[0].(map[string]any)["message"].(string)
	require.NotContains(t, message, "fault of the core", what...)
	return answer
}

// ask sends a request and ends what it may have begun.
func ask(t *testing.T, core *operation.Core, name string, given map[string]any, answers []any) reply {
	t.Helper()
	ctx := context.Background()
	if slices.Contains(waiting, name) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	}
	data := Dispatch(ctx, core, encoded(t, []any{name, given, answers}))
	answer := harmless(t, data, fmt.Sprintf("%s %.100v", name, given))
	endQueue(t, name, data)
	return answer
}

// endQueue ends the queue that a subscription gave.
func endQueue(t *testing.T, operation string, data []byte) {
	t.Helper()
	if operation != "subscribe" {
		return
	}
	if sent := decoded(t, data); sent.Kind == replyValue {
		queue.Free(uint64(asInt(t, sent.Elements[0].([]any)[0])))
	}
}

func asInt(t *testing.T, value any) int64 {
	t.Helper()
	number := reflect.ValueOf(value)
	if number.CanUint() {
		return int64(number.Uint())
	}
	require.True(t, number.CanInt(), "%T", value)
	return number.Int()
}

// talkative is a core without connections that logs every detail.
func talkative(t *testing.T) *operation.Core {
	t.Helper()
	settings := config.Defaults()
	settings.LogLevel, settings.LogDestination = "debug", "queue"
	log := telemetry.NewLog(settings)
	core, err := operation.NewCore(settings, log)
	require.NoError(t, err)
	t.Cleanup(func() {
		core.Close()
		log.Lines.Release()
	})
	return core
}

func TestNoArgumentIsAFaultOfTheCore(t *testing.T) {
	t.Run("whose statements the host runs", func(t *testing.T) { takesOddArguments(t, talkative(t)) })
	t.Run("with connections", func(t *testing.T) { takesOddArguments(t, openCore(t, installedDatabase(t))) })
}

func takesOddArguments(t *testing.T, core *operation.Core) {
	t.Helper()
	for _, name := range Operations() {
		for _, unknown := range append([]any{}, odd...) {
			answer := ask(t, core, name, arguments{"x": unknown}, nil)
			require.Equal(t, replyError, answer.Kind, "%s takes no x", name)
			require.Equal(t, string(CodeInvalidArgument), answer.code(t), "%s takes no x: %v", name, answer)
		}
		for _, argument := range argumentsOf(name) {
			for _, value := range odd {
				ask(t, core, name, arguments{argument: value}, nil)
				ask(t, core, name, arguments{"task_id": 1, "step_id": 1, "session": 1, "to": "complete", "function_version": 2, argument: value}, nil)
			}
		}
	}
}

func TestAnUnknownNameIsNamedWhateverItsValue(t *testing.T) {
	for _, value := range odd[:len(odd)-5] {
		sent := dispatched(t, openCore(t, ""), "ping", arguments{"x": value}, []any{})
		assert.Equal(t, string(CodeInvalidArgument), sent.code(t))
		assert.Contains(t, sent.Elements[0].(map[string]any)["message"], "unknown name x", "%v", value)
	}
}

// oddAnswers are rows that no statement promises.
var oddAnswers = []any{
	nil, []any{}, []any{nil}, []any{[]any{}}, []any{[]any{nil}}, []any{[]any{""}}, []any{[]any{"{}"}}, []any{[]any{"{1,NULL}"}}, []any{[]any{"x"}},
	[]any{[]any{"9223372036854775808"}}, []any{slices.Repeat([]any{nil}, 12)}, []any{slices.Repeat([]any{"1"}, 12)},
	[]any{slices.Repeat([]any{"{1}"}, 12)}, []any{slices.Repeat([]any{"{1,2}"}, 30)}, []any{[]any{"{1,2}", "{1}"}}, []any{[]any{strings.Repeat("{", 1000)}},
	[]any{[]any{"\x00\xff"}}, []any{[]any{"(1,,)"}}, []any{[]any{"[1,2"}}, []any{[]any{`{"a":`}},
	[]any{slices.Repeat([]any{"{NULL,NULL}"}, 16)}, []any{slices.Repeat([]any{"{}"}, 16)}, []any{slices.Repeat([]any{"{7FFFFFFFFFFFFFFF}"}, 16)},
}

func TestNoAnswerIsAFaultOfTheCore(t *testing.T) {
	core := talkative(t)
	for _, name := range Operations() {
		follow(t, core, name, likely(name), nil, 3)
	}
}

// likely are arguments with which an operation goes as far as its statements.
func likely(operation string) arguments {
	all := arguments{"task_id": 1, "step_id": 1, "task_ids": []int{1}, "step_ids": []int{1}, "to": "complete", "function_version": 2, "results": "{}",
		"handlers": [][]string{{"a", "b", "", "c"}}, "limit": 1, "tokens": []int{1}, "columns": map[string]any{}, "token": 1}
	given := arguments{}
	for _, name := range argumentsOf(operation) {
		if value, known := all[name]; known {
			given[name] = value
		}
	}
	return given
}

// follow gives odd answers to the statements of an operation, as deep as it asks for them.
func follow(t *testing.T, core *operation.Core, name string, given map[string]any, answers []any, depth int) {
	t.Helper()
	data := Dispatch(context.Background(), core, encoded(t, []any{name, given, answers}))
	answer := harmless(t, data, name, answers)
	if answer.Kind != replyStatement || depth == 0 {
		return
	}
	statement := decoded(t, data).Elements[0]
	for _, rows := range oddAnswers {
		follow(t, core, name, given, append(slices.Clone(answers), []any{statement, rows, nil}), depth-1)
	}
}

func TestARequestThatIsTooDeepIsRefusedBeforeItIsDecoded(t *testing.T) {
	core := openCore(t, "")
	for _, open := range [][]byte{{0x91}, {0x81, 0xa1, 'k'}, {0x81}, {0xdd, 0, 0, 0, 1}} {
		for _, where := range [][]byte{{}, {0x93}, append([]byte{0x93, 0xa4}, "ping"...), append([]byte{0x93, 0xa4}, "ping\x80"...),
			append([]byte{0x93, 0xae}, "publish_events\x81\xa6events"...)} {
			sent := decoded(t, Dispatch(context.Background(), core, append(slices.Clone(where), bytes.Repeat(open, 5<<20/len(open))...)))
			assert.Equal(t, string(CodeInvalidArgument), sent.code(t))
			assert.Contains(t, sent.Elements[0].(map[string]any)["message"], fmt.Sprint("nested deeper than ", msgpackstrict.MaxDepth, " levels"))
		}
	}
}

func TestResultsThatAreTooDeepAreRefused(t *testing.T) {
	deep := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for _, depth := range []int{msgpackstrict.MaxDepth + 1, 9_000, 2_000_000} {
		sent := dispatched(t, openCore(t, ""), "finish_claim", arguments{"step_id": 7, "task_id": 1, "token": 1, "to": "complete", "results": deep(depth)}, nil)
		assert.Equal(t, string(CodeInvalidArgument), sent.code(t))
	}
	sent := dispatched(t, openCore(t, ""), "finish_claim", arguments{"step_id": 7, "task_id": 1, "token": 1, "to": "complete", "results": deep(msgpackstrict.MaxDepth)}, nil)
	assert.Equal(t, replyStatement, sent.Kind)
}

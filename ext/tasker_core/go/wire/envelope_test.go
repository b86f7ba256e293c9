package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

func encoded(t testing.TB, value any) []byte {
	t.Helper()
	data, err := msgpack.Marshal(value)
	require.NoError(t, err)
	return data
}

func TestARequestIsDecodedWithItsAnswers(t *testing.T) {
	request, err := DecodeRequest(encoded(t, []any{"step_dag", map[string]any{"task_id": 7}, []any{
		[]any{"first", []any{[]any{"1", nil}, []any{}}, nil},
		[]any{"second", nil, []any{"40001", "try again"}},
		[]any{"third", []any{}, []any{nil, "gone"}},
	}}))
	require.NoError(t, err)
	assert.Equal(t, "step_dag", request.Operation)
	require.Len(t, request.Answers, 3)
	assert.Equal(t, store.Rows{{store.Text("1"), nil}, {}}, request.Answers[0].Rows)
	assert.Nil(t, request.Answers[0].Failure)
	assert.Equal(t, &store.Error{SQLState: "40001", Message: "try again"}, request.Answers[1].Failure)
	assert.Equal(t, &store.Error{Message: "gone"}, request.Answers[2].Failure)
}

func TestBytesThatAreNoRequestAreRefused(t *testing.T) {
	whole := encoded(t, []any{"ping", map[string]any{}, []any{[]any{"a", []any{[]any{"x"}}, nil}}})
	for cut := range len(whole) {
		_, err := DecodeRequest(whole[:cut])
		assert.Equal(t, CodeMalformedRequest, FromError(err).Code, "cut at %d", cut)
	}
	for _, wrong := range []any{nil, 1, "ping", []any{}, []any{"ping"}, []any{"ping", nil, nil, nil, nil}, []any{1, nil, nil},
		[]any{"ping", nil, 1}, []any{"ping", nil, []any{1}}, []any{"ping", nil, []any{[]any{"a", nil}}},
		[]any{"ping", nil, []any{[]any{"a", []any{1}, nil}}}, []any{"ping", nil, []any{[]any{"a", nil, []any{"x"}}}},
		[]any{"ping", nil, []any{[]any{"a", nil, []any{"x", nil}}}}} {
		_, err := DecodeRequest(encoded(t, wrong))
		assert.Equal(t, CodeMalformedRequest, FromError(err).Code, "%v", wrong)
	}
}

func TestALengthThatTheBytesDoNotHoldCostsNoMemory(t *testing.T) {
	huge := append(encoded(t, "ping"), 0x80, 0xdd, 0xff, 0xff, 0xff, 0xff)
	bytesPerRun := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			_, err := DecodeRequest(append([]byte{0x93}, huge...))
			require.Error(b, err)
		}
	}).AllocedBytesPerOp()
	assert.Less(t, bytesPerRun, int64(64*1024))
}

// FuzzDecodeRequest: any bytes give a request or an error of the right code, and what
// was decoded can be dispatched.
func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []any{[]any{"ping", map[string]any{}, []any{}}, []any{"ping", nil, nil},
		[]any{"step_readiness", map[string]any{"task_id": 1, "step_ids": []int64{1}, "function_version": 2}, []any{}},
		[]any{"step_dag", map[string]any{"task_id": uint64(math.MaxUint64)}, []any{[]any{"topology", []any{[]any{"{1}", nil}}, nil}}},
		[]any{"dependency_levels", map[string]any{"task_id": -1}, []any{[]any{"topology", nil, []any{"42P01", "no table"}}}},
		[]any{"session_next", map[string]any{"session": 9}, nil}, "", 1, nil,
		[]any{"session_finish", map[string]any{"session": 9, "step_id": 7, "to": "complete", "claim": 8, "columns": map[string]any{"results": nil}}, nil},
		[]any{"session_settle", map[string]any{"session": 9, "step_id": 7, "to": "complete", "claim": nil, "now": then}, nil},
		[]any{"ping", map[string]any{"x": nil}, []any{}}, []any{"subscribe", map[string]any{"names": nil, "": nil}, nil},
		[]any{"publish_events", map[string]any{"events": []any{[]any{"a", nil, nil, nil, nil, nil, nil, map[string]any{"k": []any{nil}}}}}, nil},
		[]any{"record_spans", map[string]any{"trace": make([]byte, 16), "spans": []any{nil}}, nil},
		[]any{"finish_claim", map[string]any{"step_id": 1, "task_id": 1, "to": "complete", "results": "[[[]]]"}, nil}} {
		f.Add(encoded(f, seed))
	}
	f.Add([]byte{0x93, 0xdb, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0xc1})
	f.Add(bytes.Repeat([]byte{0x91}, 100_000))
	core, err := operation.NewCore(quietSettings(), quietLog())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		request, err := DecodeRequest(data)
		if err != nil {
			require.Contains(t, []Code{CodeMalformedRequest, CodeInvalidArgument}, FromError(err).Code)
			require.Nil(t, request)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		reply := Dispatch(ctx, core, data)
		harmless(t, reply)
		if request != nil {
			endQueue(t, request.Operation, reply)
		}
	})
}

// FuzzAnswers: whatever the host answers to the statements of an operation, the core asks
// on, gives a value or refuses the answer.
func FuzzAnswers(f *testing.F) {
	for number := range Operations() {
		f.Add(number, "{1}", "1", "2002-01-01", true)
		f.Add(number, "{NULL}", "", "{", false)
	}
	core, err := operation.NewCore(quietSettings(), quietLog())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, number int, first, second, third string, wide bool) {
		names := Operations()
		name := names[uint(number)%uint(len(names))]
		row := []any{first, second, third, nil}
		if wide {
			row = slices.Repeat([]any{first, second, nil}, 5)
		}
		var answers []any
		for range 6 {
			data := Dispatch(context.Background(), core, encoded(t, []any{name, likely(name), answers}))
			answer := harmless(t, data, name)
			if answer.Kind != replyStatement {
				return
			}
			answers = append(answers, []any{decoded(t, data).Elements[0], []any{row}, nil})
		}
	})
}

func TestTablesAreReadAsTheyWereMade(t *testing.T) {
	table := NewTable(3)
	numbers := []int64{math.MinInt64, 0, math.MaxInt64}
	table.Int("int", func(i int) (int64, bool) { return numbers[i], i != 1 })
	table.Time("time", func(i int) (int64, bool) { return numbers[i], true })
	table.Bool("bool", func(i int) bool { return i == 1 })
	table.Text("text", func(i int) (string, bool) { return []string{"ä", "ä", ""}[i], true })
	table.Decimal("decimal", func(i int) (string, bool) { return "33.33", i == 2 })
	table.IDs("ids", func(i int) []int64 { return [][]int64{{}, {7, -7}, {numbers[2]}}[i] })

	rows := readTable(t, table)
	assert.Equal(t, []any{numbers[0], nil, numbers[2]}, column(rows, "int"))
	assert.Equal(t, []any{numbers[0], numbers[1], numbers[2]}, column(rows, "time"))
	assert.Equal(t, []any{false, true, false}, column(rows, "bool"))
	assert.Equal(t, []any{"ä", "ä", ""}, column(rows, "text"))
	assert.JSONEq(t, "[null, null, 33.33]", string(toJSON(t, column(rows, "decimal"))))
	assert.Equal(t, []any{[]int64{}, []int64{7, -7}, []int64{numbers[2]}}, column(rows, "ids"))
	assert.Empty(t, readTable(t, NewTable(0)))
}

func column(rows []map[string]any, name string) []any {
	values := make([]any, len(rows))
	for i := range rows {
		values[i] = rows[i][name]
	}
	return values
}

func TestEveryErrorHasItsCode(t *testing.T) {
	for code, err := range map[Code]error{
		CodeCycle:           &dag.CycleError{Path: []int64{1, 2, 1}},
		CodeUnknownFunction: &operation.UnknownFunctionError{Function: "get_step_readiness_status"},
		CodeSession:         &operation.SessionError{Message: "closed"},
		CodeNotFound:        &operation.MissingError{Machine: lifecycle.Step, ID: 3},
		CodeConflict:        &store.UnpairedError{Machine: "step", IDs: []int64{3}},
		CodeSchemaNotEmpty:  &operation.SchemaNotEmptyError{Found: "tasker_tasks"},
		CodeSchemaMissing:   &store.Error{SQLState: "42P01", Message: "no table"},
		CodeDatabase:        &store.Error{SQLState: "23505", Message: "twice"},
		CodeMalformedAnswer: &store.FormatError{Want: "an array", Got: "x"},
		CodeCancelled:       context.Canceled,
		CodeTimeout:         context.DeadlineExceeded,
		CodeInvalidArgument: Errorf(CodeInvalidArgument, "wrong"),
		CodeInternal:        errors.New("a fault"),
	} {
		for _, given := range []error{err, fmt.Errorf("step 1: %w", err)} {
			sent := decoded(t, EncodeError(given))
			assert.Equal(t, string(code), sent.code(t), "%v", given)
			assert.Contains(t, sent.Elements[0].(map[string]any)["message"], err.Error())
		}
	}
}

func TestOnlyWhatMayWorkWhenRepeatedIsRetryable(t *testing.T) {
	for state, retryable := range map[string]bool{"40001": true, "40P01": true, "08006": true, "08007": false, "57P01": true,
		"23505": false, "22021": false, "": false} {
		sent := FromError(&store.Error{SQLState: state, Message: "refused"})
		assert.Equal(t, retryable, sent.Retryable, state)
		assert.Equal(t, state, sent.SQLState)
	}
}

func TestAStatementWithoutParametersHasAnEmptyList(t *testing.T) {
	data, err := EncodeStatement(&store.Statement{Name: "now", SQL: "SELECT 1"})
	require.NoError(t, err)
	sent := decoded(t, data)
	assert.Equal(t, replyStatement, sent.Kind)
	assert.Equal(t, []any{"now", "SELECT 1", []any{}, false}, sent.Elements)
	assert.True(t, bytes.HasPrefix(data, []byte{0x95, 0x01}))
}

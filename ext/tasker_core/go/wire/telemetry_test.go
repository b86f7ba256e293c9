package wire

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
	"github.com/jcoletaylor/tasker_core/go/telemetry/otlptest"
)

// tracingCore opens a core that sends spans to a receiver.
func tracingCore(t *testing.T) (*operation.Core, *otlptest.Receiver) {
	t.Helper()
	receiver := otlptest.New()
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	settings := config.Defaults()
	settings.Tracing, settings.OTLPEndpoint = "on", config.Secret(server.URL)
	core, err := operation.NewCore(settings, quietLog())
	require.NoError(t, err)
	t.Cleanup(core.Close)
	return core, receiver
}

func TestSpansCrossTheWire(t *testing.T) {
	core, receiver := tracingCore(t)
	begun := dispatched(t, core, "begin_trace", map[string]any{"name": "run"}, nil).Elements[0].([]any)
	id, root, below := begun[0], begun[1].([]byte), []byte{1, 2, 3, 4, 5, 6, 7, 8}
	assert.Nil(t, begun[2])
	reply := dispatched(t, core, "record_spans", map[string]any{"trace": id, "root": root, "spans": []any{
		[]any{below, root, "step", 1, 5, 6, "it failed", []any{"tasker.step_name", "one", "count", 2, "ratio", 0.5, "ok", true}},
		[]any{root, nil, "run", 1, 4, 7, nil, []any{}},
	}}, nil)
	assert.EqualValues(t, 2, reply.Elements[0])
	counts := dispatched(t, core, "flush_spans", map[string]any{"seconds": 10}, nil).Elements[0].([]any)
	assert.EqualValues(t, []any{int8(2), int8(2), int8(0), int8(0), int8(0)}, counts)

	spans := receiver.Spans()
	require.Len(t, spans, 2)
	assert.Equal(t, spans[1].ID, spans[0].Parent)
	assert.Equal(t, "it failed", spans[0].Message)
	assert.Equal(t, "one", spans[0].Attributes["tasker.step_name"])
	assert.Equal(t, "2", spans[0].Attributes["count"])
	assert.Empty(t, spans[1].Parent)
}

func TestMalformedSpansAreCountedAsFailed(t *testing.T) {
	core, receiver := tracingCore(t)
	id := make([]byte, 16)
	malformed := map[string][]any{
		"too few fields":    {[]any{make([]byte, 8)}},
		"a short id":        {[]any{make([]byte, 7), nil, "run", 1, 4, 7, nil, nil}},
		"a long id":         {[]any{make([]byte, 9), nil, "run", 1, 4, 7, nil, nil}},
		"half an attribute": {[]any{make([]byte, 8), nil, "run", 1, 4, 7, nil, []any{"name"}}},
		"no span":           {7},
	}
	for what, spans := range malformed {
		reply := dispatched(t, core, "record_spans", map[string]any{"trace": id, "root": nil, "spans": spans}, nil)
		assert.EqualValues(t, 1, reply.Elements[0], what)
	}
	counts := dispatched(t, core, "flush_spans", map[string]any{"seconds": 10}, nil).Elements[0].([]any)
	assert.EqualValues(t, []any{int8(5), int8(0), int8(0), int8(5), int8(0)}, counts)
	assert.Empty(t, receiver.Spans())
	for _, arguments := range []map[string]any{{"trace": []byte{1}, "spans": []any{}}, {"trace": id, "spans": 7}, {"trace": id}} {
		assert.Equal(t, string(CodeInvalidArgument), dispatched(t, core, "record_spans", arguments, nil).code(t))
	}
}

func TestWithoutTracingNoTraceIsKept(t *testing.T) {
	core := openCore(t, "")
	assert.Nil(t, dispatched(t, core, "begin_trace", map[string]any{"name": "run"}, nil).Elements[0])
}

func TestACoreWithConnectionsMakesItsOwnSpans(t *testing.T) {
	database := installedDatabase(t)
	receiver := otlptest.New()
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	settings := config.Defaults()
	settings.DatabaseURL, settings.Tracing, settings.OTLPEndpoint = config.Secret(database), "on", config.Secret(server.URL)
	core, err := operation.NewCore(settings, quietLog())
	require.NoError(t, err)
	t.Cleanup(core.Close)

	origin := []any{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "req-7"}
	dispatched(t, core, "viable_steps", map[string]any{"task_id": 42, "function_version": 2}, nil, origin)
	missing := dispatched(t, core, "transition_task", map[string]any{"task_id": 42, "to": "in_progress", "metadata": "{}", "now": nil}, nil, origin)
	assert.Equal(t, string(CodeNotFound), missing.code(t))
	dispatched(t, core, "flush_spans", map[string]any{"seconds": 10}, nil)

	spans := map[string]otlptest.Span{}
	for _, span := range receiver.Spans() {
		spans[span.Name] = span
	}
	read := spans["tasker_core.viable_steps"]
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", read.Trace)
	assert.Equal(t, "b7ad6b7169203331", read.Parent)
	assert.Equal(t, map[string]string{"tasker.task_id": "42", "tasker.correlation_id": "req-7"}, read.Attributes)
	assert.Equal(t, "STATUS_CODE_UNSET", read.Status)
	statement := spans["task_snapshot"]
	assert.Equal(t, read.ID, statement.Parent)
	assert.Equal(t, "SPAN_KIND_CLIENT", statement.Kind)
	assert.Equal(t, "task_snapshot", statement.Attributes["db.query.summary"])
	assert.GreaterOrEqual(t, statement.Start, read.Start)
	assert.LessOrEqual(t, statement.End, read.End)
	write := spans["tasker_core.transition_task"]
	assert.Equal(t, "STATUS_CODE_ERROR", write.Status)
	assert.Equal(t, write.ID, spans["transition_task"].Parent, "in a transaction too")
}

func TestACallIsCountedAndWhatTheHostRanWithIt(t *testing.T) {
	core := openCore(t, "")
	arguments := map[string]any{"step_id": 7}
	parked := dispatched(t, core, "current_step_state", arguments, nil)
	require.Equal(t, replyStatement, parked.Kind)
	name := parked.Elements[0].(string)
	answer := []any{name, []any{[]any{"pending"}}, nil, 20_000_000}
	assert.Equal(t, "pending", dispatched(t, core, "current_step_state", arguments, []any{answer}).Elements[0])
	failed := []any{name, nil, []any{"57P01", "terminating connection"}, 30_000_000}
	dispatched(t, core, "current_step_state", arguments, []any{failed}).code(t)
	unmeasured := []any{name, []any{[]any{"error"}}, nil}
	dispatched(t, core, "current_step_state", arguments, []any{unmeasured})

	text := dispatched(t, core, "stats_text", map[string]any{"reports": []any{
		[]any{"orchestration", "failover", 3}, []any{"orchestration", "late_result", 2}}}, nil).Elements[0].(string)
	families, err := otlptest.ParseMetrics(strings.NewReader(text))
	require.NoError(t, err)
	statement := families["tasker_core_statement_duration_seconds"].GetMetric()[0]
	assert.Equal(t, name, statement.GetLabel()[0].GetValue())
	assert.EqualValues(t, 3, statement.GetHistogram().GetSampleCount())
	assert.InDelta(t, 0.05, statement.GetHistogram().GetSampleSum(), 1e-9)
	call := families["tasker_core_operation_duration_seconds"].GetMetric()[0]
	assert.EqualValues(t, 3, call.GetHistogram().GetSampleCount(), "a call that waits for its statement has not ended")
	assert.GreaterOrEqual(t, call.GetHistogram().GetSampleSum(), 0.05)
	failures := families["tasker_core_operation_errors_total"].GetMetric()[0]
	assert.Equal(t, []string{"current_step_state", "database"}, []string{failures.GetLabel()[0].GetValue(), failures.GetLabel()[1].GetValue()})
	assert.InDelta(t, 1, families["tasker_core_statement_errors_total"].GetMetric()[0].GetCounter().GetValue(), 0)
	assert.InDelta(t, 3, families["tasker_core_failovers_total"].GetMetric()[0].GetCounter().GetValue(), 0)
	assert.InDelta(t, 2, families["tasker_core_reports_total"].GetMetric()[0].GetCounter().GetValue(), 0)

	metrics := dispatched(t, core, "stats", map[string]any{}, nil).Elements[0].([]any)
	assert.Equal(t, "tasker_core_operation_duration_seconds", metrics[0].([]any)[0])
}

// logging opens a core without connections whose log lines are seen.
func logging(t *testing.T, settings config.Config) (*operation.Core, *observer.ObservedLogs) {
	t.Helper()
	seen, lines := observer.New(zap.InfoLevel)
	core, err := operation.NewCore(settings, &telemetry.Log{Logger: zap.New(seen)})
	require.NoError(t, err)
	t.Cleanup(core.Close)
	return core, lines
}

func TestALineSaysWhomItConcerns(t *testing.T) {
	settings := config.Defaults()
	settings.SlowStatementSeconds = 0.01
	core, lines := logging(t, settings)
	arguments := map[string]any{"step_id": 7}
	origin := []any{nil, "req-7"}
	slow := []any{"current_step_state", []any{[]any{"pending"}}, nil, 20_000_000}
	parked := dispatched(t, core, "current_step_state", arguments, nil, origin)
	slow[0] = parked.Elements[0]
	dispatched(t, core, "current_step_state", arguments, []any{slow}, origin)
	dispatched(t, core, "session_next", map[string]any{"session": 1 << 40}, nil)
	dispatched(t, core, "viable_steps", map[string]any{}, nil)

	all := lines.AllUntimed()
	require.Len(t, all, 3)
	assert.Equal(t, "slow statement", all[0].Message)
	assert.Equal(t, map[string]any{"operation": "current_step_state", "correlation_id": "req-7", "step_id": int64(7),
		"statement": slow[0], "duration_ms": 20.0}, all[0].ContextMap())
	assert.Equal(t, zap.InfoLevel, all[1].Level, "the host reports it")
	assert.Equal(t, "session", all[1].ContextMap()["code"])
	assert.Equal(t, zap.InfoLevel, all[2].Level)
	assert.Equal(t, "invalid_argument", all[2].ContextMap()["code"])
}

func TestAnOriginIsAListOfTwo(t *testing.T) {
	core := openCore(t, "")
	assert.Equal(t, "pong", dispatched(t, core, "ping", map[string]any{}, nil, nil).Elements[0])
	assert.Equal(t, "pong", dispatched(t, core, "ping", map[string]any{}, nil, []any{nil, nil}).Elements[0])
	for _, origin := range []any{7, []any{"one"}, []any{1, 2}} {
		assert.Equal(t, string(CodeMalformedRequest), dispatched(t, core, "ping", map[string]any{}, nil, origin).code(t))
	}
}

func TestArgumentsAreLoggedWhereTheHostsFilterIsKnown(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		seen, lines := observer.New(zap.DebugLevel)
		core, err := operation.NewCore(config.Defaults(), &telemetry.Log{Logger: zap.New(seen), Opaque: opaque})
		require.NoError(t, err)
		dispatched(t, core, "close_session", map[string]any{"session": 7}, nil)
		core.Close()
		fields := lines.AllUntimed()[0].ContextMap()
		assert.Equal(t, "close_session", fields["operation"])
		assert.Equal(t, !opaque, fields["arguments"] != nil)
	}
}

func TestLinesAreTakenFromACoreThatKeepsThem(t *testing.T) {
	settings := config.Defaults()
	settings.LogDestination = "queue"
	log := telemetry.NewLog(settings)
	core, err := operation.NewCore(settings, log)
	require.NoError(t, err)
	reply := dispatched(t, core, "log_lines", map[string]any{}, nil).Elements[0].([]any)
	handle, err := strconv.ParseUint(fmt.Sprint(reply[0]), 10, 64)
	require.NoError(t, err)
	log.Warn("a line")
	core.Close()
	reader, found := queue.Find(handle)
	require.True(t, found)
	_, count, open := reader.Drain(10)
	assert.Equal(t, 1, count)
	assert.True(t, open)
	queue.Free(handle)
	assert.Equal(t, string(CodeInvalidArgument), dispatched(t, openCore(t, ""), "log_lines", map[string]any{}, nil).code(t))
}

// The caller gets the error: the line is for a host that asks for it.
func TestADatabaseThatIsGoneIsToldOnce(t *testing.T) {
	settings := config.Defaults()
	settings.DatabaseURL = "postgresql://nobody@127.0.0.1:1/nothing"
	core, lines := logging(t, settings)
	reply := dispatched(t, core, "viable_steps", map[string]any{"task_id": 7, "function_version": 2}, nil)
	assert.Equal(t, string(CodeDatabase), reply.code(t))
	failed := lines.FilterMessage("operation failed").AllUntimed()
	require.Len(t, failed, 1)
	assert.Equal(t, zap.InfoLevel, failed[0].Level)
	assert.Equal(t, map[string]any{"operation": "viable_steps", "task_id": int64(7), "code": "database", "sqlstate": "08001",
		"error": failed[0].ContextMap()["error"]}, failed[0].ContextMap())
}

func TestASubscriptionToAnUnknownEventIsLogged(t *testing.T) {
	core, seen := logging(t, config.Defaults())
	dispatched(t, core, "subscribe", arguments{"names": []string{"step.completed", "step.complete"}, "when_full": "drop_oldest"}, nil)
	lines := seen.FilterMessage("unknown event").All()
	require.Len(t, lines, 1)
	assert.Equal(t, []any{"step.complete"}, lines[0].ContextMap()["names"])
}

package wire

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/telemetry/otlptest"
)

// tracingCore opens a core that sends spans to a receiver.
func tracingCore(t *testing.T) (*operation.Core, *otlptest.Receiver) {
	t.Helper()
	receiver := otlptest.New()
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	settings := config.Defaults()
	settings.Tracing, settings.OTLPEndpoint = "on", server.URL
	core, err := operation.NewCore(settings, zap.NewNop())
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

func TestMalformedSpansAreRefused(t *testing.T) {
	core, _ := tracingCore(t)
	id := make([]byte, 16)
	for what, spans := range map[string][]any{
		"too few fields":    {[]any{make([]byte, 8)}},
		"a short id":        {[]any{make([]byte, 7), nil, "run", 1, 4, 7, nil, nil}},
		"a long id":         {[]any{make([]byte, 9), nil, "run", 1, 4, 7, nil, nil}},
		"half an attribute": {[]any{make([]byte, 8), nil, "run", 1, 4, 7, nil, []any{"name"}}},
		"no span":           {7},
	} {
		reply := dispatched(t, core, "record_spans", map[string]any{"trace": id, "root": nil, "spans": spans}, nil)
		assert.Equal(t, string(CodeInvalidArgument), reply.code(t), what)
	}
	reply := dispatched(t, core, "record_spans", map[string]any{"trace": []byte{1}, "spans": []any{}}, nil)
	assert.Equal(t, string(CodeInvalidArgument), reply.code(t))
}

func TestWithoutTracingNoTraceIsKept(t *testing.T) {
	core := openCore(t, "")
	assert.Nil(t, dispatched(t, core, "begin_trace", map[string]any{"name": "run"}, nil).Elements[0])
}

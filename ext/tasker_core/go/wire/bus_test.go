package wire

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

// listed gives events as a host publishes them.
func listed(names ...string) []any {
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = []any{name, nil, i + 1, nil, nil, nil, nil, arguments{"i": i}}
	}
	return list
}

// subscribed gives the handle of a new queue.
func subscribed(t *testing.T, core *operation.Core, with arguments) uint64 {
	t.Helper()
	got := dispatched(t, core, "subscribe", with, []any{})
	require.Equal(t, replyValue, got.Kind, "%v", got.Elements)
	pair := got.Elements[0].([]any)
	require.Len(t, pair, 2)
	handle := asUint(t, pair[0])
	t.Cleanup(func() { queue.Free(handle) })
	reader, found := queue.Find(handle)
	require.True(t, found)
	assert.EqualValues(t, reader.Descriptor(), asUint(t, pair[1]))
	return handle
}

func asUint(t *testing.T, value any) uint64 {
	t.Helper()
	var number uint64
	data, err := msgpack.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, msgpack.Unmarshal(data, &number))
	return number
}

func published(t *testing.T, core *operation.Core, wait bool, names ...string) uint64 {
	t.Helper()
	got := dispatched(t, core, "publish_events", arguments{"events": listed(names...), "wait": wait}, []any{})
	require.Equal(t, replyValue, got.Kind, "%v", got.Elements)
	return asUint(t, got.Elements[0])
}

func busStats(t *testing.T, core *operation.Core, with arguments) map[string]uint64 {
	t.Helper()
	got := dispatched(t, core, "event_stats", with, []any{})
	require.Equal(t, replyValue, got.Kind, "%v", got.Elements)
	counts := map[string]uint64{}
	for name, value := range got.Elements[0].(map[string]any) {
		counts[name] = asUint(t, value)
	}
	return counts
}

func TestAHostSubscribesPublishesAndDrains(t *testing.T) {
	core := openCore(t, "")
	handle := subscribed(t, core, arguments{"names": []string{"step.*"}, "capacity": 10})
	assert.EqualValues(t, 2, published(t, core, true, "step.completed", "task.completed"))

	reader, _ := queue.Find(handle)
	batch, count, open := reader.Drain(10)
	assert.Equal(t, 1, count)
	assert.True(t, open)
	var events [][]any
	require.NoError(t, msgpack.Unmarshal(batch, &events))
	assert.Equal(t, "step.completed", events[0][1])
	assert.Equal(t, []byte{0x81, 0xa1, 'i', 0}, events[0][9])
	assert.Equal(t, map[string]uint64{"published": 2, "matched": 1, "delivered": 1, "dropped": 0, "spilled": 0, "pending": 0,
		"subscriptions": 1}, busStats(t, core, arguments{}))

	ended := dispatched(t, core, "unsubscribe", arguments{"queue": handle}, []any{})
	assert.Equal(t, []any{true}, ended.Elements)
	published(t, core, true, "step.completed")
	assert.Equal(t, map[string]uint64{"matched": 1, "delivered": 1, "dropped": 0, "spilled": 0, "pending": 0},
		busStats(t, core, arguments{"queue": handle}))
	queue.Free(handle)
	assert.Equal(t, []any{false}, dispatched(t, core, "unsubscribe", arguments{"queue": handle}, []any{}).Elements)
	assert.Equal(t, []any{nil}, dispatched(t, core, "event_stats", arguments{"queue": handle}, []any{}).Elements)
}

func TestWhatCannotBeSubscribedOrPublishedIsRefused(t *testing.T) {
	core := openCore(t, "")
	for operation, list := range map[string][]arguments{
		"subscribe": {{}, {"names": []string{"step*"}}, {"names": []string{"*"}, "capacity": 0}, {"names": []string{"*"}, "max_bytes": -1},
			{"names": []string{"*"}, "when_full": "panic"}, {"names": []string{"*"}, "max_wait": -1}, {"names": []string{"*"}, "colour": 1}},
		"publish_events": {{}, {"events": 7}, {"events": []any{[]any{"a"}}}, {"events": listed("")}},
		"unsubscribe":    {{}},
	} {
		for _, one := range list {
			assert.Equal(t, string(CodeInvalidArgument), dispatched(t, core, operation, one, []any{}).code(t), "%s %v", operation, one)
		}
	}
	core.Close()
	closed := dispatched(t, core, "publish_events", arguments{"events": listed("a")}, []any{})
	assert.Equal(t, string(CodeInvalidArgument), closed.code(t))
}

func TestACancelledPublisherLearnsHowFarItCame(t *testing.T) {
	core := openCore(t, "")
	subscribed(t, core, arguments{"names": []string{"*"}, "capacity": 2, "when_full": "block", "max_wait": 0})
	request, err := msgpack.Marshal([]any{"publish_events", arguments{"events": listed("a", "b", "c"), "wait": true}, []any{}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	replies := make(chan []byte)
	go func() { replies <- Dispatch(ctx, core, request) }()
	require.Eventually(t, func() bool { return core.Bus.Stats().Pending == 2 }, 30*time.Second, time.Millisecond)
	cancel()
	assert.EqualValues(t, 2, asUint(t, decoded(t, <-replies).Elements[0]))
	assert.EqualValues(t, 1, published(t, core, false, "d"), "who does not wait is never held up")
	assert.EqualValues(t, 1, core.Bus.Stats().Dropped)
}

package event_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/event"
)

func anyEvent(t *rapid.T) event.Event {
	e := event.Event{
		Sequence: rapid.Uint64Range(0, math.MaxInt64).Draw(t, "sequence"), Name: rapid.String().Draw(t, "name"), OccurredAt: rapid.Int64().Draw(t, "at"),
		TaskID: rapid.Int64().Draw(t, "task"), StepID: rapid.Int64().Draw(t, "step"),
		Namespace: rapid.String().Draw(t, "namespace"), TaskName: rapid.StringN(0, 300, -1).Draw(t, "task name"),
		StepName: rapid.String().Draw(t, "step name"), Origin: rapid.String().Draw(t, "origin"),
	}
	if rapid.Bool().Draw(t, "with payload") {
		payload, err := msgpack.Marshal(rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "payload"))
		require.NoError(t, err)
		e.Payload = payload
	}
	return e
}

func encoded(t require.TestingT, e *event.Event) []byte {
	var data bytes.Buffer
	to := msgpack.NewEncoder(&data)
	to.UseCompactInts(true)
	require.NoError(t, event.Encode(to, e))
	return data.Bytes()
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		data := encoded(t, &e)
		decoded, err := event.Decode(data)
		require.NoError(t, err)
		assert.Equal(t, e, decoded)

		var elements []any
		require.NoError(t, msgpack.Unmarshal(data, &elements), "every reader of msgpack understands it")
		assert.Len(t, elements, 10)
		assert.Equal(t, e.Name, elements[1])

		_, err = event.Decode(data[:len(data)-1])
		assert.Error(t, err)
		_, err = event.Decode(append(data, 0))
		assert.Error(t, err)
	})
}

func TestPublishedEventsAreRead(t *testing.T) {
	payload := map[string]any{"a": []any{1, 2.5, nil, true, "x", []byte{1}, map[string]any{"b": -70000}}}
	data, err := msgpack.Marshal([]any{
		[]any{"step.completed", 12, 3, 4, "n", "t", "s", payload},
		[]any{"step.completed", nil, nil, nil, nil, nil, nil, nil},
	})
	require.NoError(t, err)
	events, err := event.DecodeAll(data)
	require.NoError(t, err)
	encoded, err := msgpack.Marshal(payload)
	require.NoError(t, err)
	assert.Equal(t, []event.Event{
		{Name: "step.completed", OccurredAt: 12, TaskID: 3, StepID: 4, Namespace: "n", TaskName: "t", StepName: "s", Payload: encoded},
		{Name: "step.completed"},
	}, events)
}

func TestWhatIsNoListOfEventsIsRefused(t *testing.T) {
	for what, value := range map[string]any{
		"no list":                 nil,
		"a list of names":         []any{"step.completed"},
		"too few elements":        []any{[]any{"step.completed"}},
		"no name":                 []any{[]any{nil, nil, nil, nil, nil, nil, nil, nil}},
		"a name that is a number": []any{[]any{7, nil, nil, nil, nil, nil, nil, nil}},
		"an id that is a text":    []any{[]any{"a", nil, "7", nil, nil, nil, nil, nil}},
		"an id beyond 63 bits":    []any{[]any{"a", nil, uint64(1) << 63, nil, nil, nil, nil, nil}},
		"a payload that is none":  []any{[]any{"a", nil, nil, nil, nil, nil, nil, []int{1}}},
	} {
		data, err := msgpack.Marshal(value)
		require.NoError(t, err)
		_, err = event.DecodeAll(data)
		assert.Error(t, err, what)
	}
}

// FuzzDecodeAll: bytes of a host never end the process, and what is read is a copy.
func FuzzDecodeAll(f *testing.F) {
	data, err := msgpack.Marshal([]any{[]any{"a", 1, 2, 3, "n", "t", "s", map[string]any{"k": []any{1, "v"}}}})
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := event.DecodeAll(data)
		if err != nil {
			return
		}
		for _, e := range events {
			require.NotEmpty(t, e.Name)
		}
	})
}

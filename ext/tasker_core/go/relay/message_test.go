package relay

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/event"
)

func payload(t require.TestingT, value any) []byte {
	packed, err := msgpack.Marshal(value)
	require.NoError(t, err)
	return packed
}

// heard puts messages together again, as a listener does.
func heard(t require.TestingT, messages []string) (events []event.Event) {
	parts := assembly{}
	for _, text := range messages {
		require.Less(t, len(text), 8000, "PostgreSQL takes less than 8,000 bytes")
		m, err := parse(text)
		require.NoError(t, err)
		if list, whole := parts.add(m); whole {
			more, err := decode(m.origin, list)
			require.NoError(t, err)
			events = append(events, more...)
		}
	}
	require.Empty(t, parts)
	return events
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.StringN(0, 40, -1)
		sent := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event.Event {
			e := event.Event{Name: "a." + texts.Draw(t, "name"), OccurredAt: rapid.Int64Min(0).Draw(t, "at"),
				TaskID: rapid.Int64().Draw(t, "task"), StepID: rapid.Int64().Draw(t, "step"), Namespace: texts.Draw(t, "namespace"),
				TaskName: texts.Draw(t, "task name"), StepName: texts.Draw(t, "step name"), Origin: "host:1:1"}
			if rapid.Bool().Draw(t, "payload?") {
				size := rapid.SampledFrom([]int{1, 1, 10, 600}).Draw(t, "size")
				e.Payload = payload(t, map[string]any{texts.Draw(t, "key"): strings.Repeat(texts.Draw(t, "value"), size)})
			}
			return e
		}), 0, 20).Draw(t, "events")
		messages, unreadable, err := NewWriter("host:1:1").Messages(sent)
		require.NoError(t, err)
		require.Zero(t, unreadable)
		back := heard(t, messages)
		require.Len(t, back, len(sent))
		for i := range sent {
			assert.Equal(t, sent[i], back[i])
		}
	})
}

func TestSmallEventsShareAMessage(t *testing.T) {
	events := make([]event.Event, 1000)
	for i := range events {
		events[i] = event.Event{Name: "step.completed", TaskID: int64(i), Payload: payload(t, map[string]any{"n": i})}
	}
	messages, _, err := NewWriter("host:1:1").Messages(events)
	require.NoError(t, err)
	assert.Less(t, len(messages), 20)
	assert.Len(t, heard(t, messages), 1000)
}

func TestValuesKeepTheirTypes(t *testing.T) {
	given := map[string]any{"whole": int64(1) << 62, "negative": -7, "part": 0.5, "nothing": nil, "yes": true,
		"list": []any{1, "a", map[string]any{"deep": "ä€😀\x00\""}}}
	messages, _, err := NewWriter("o").Messages([]event.Event{{Name: "a.b", Payload: payload(t, given)}})
	require.NoError(t, err)
	assert.Equal(t, strings.ToValidUTF8(messages[0], ""), messages[0])
	for _, r := range messages[0] {
		require.Less(t, r, rune(128), "the message is ASCII")
	}
	var back map[string]any
	require.NoError(t, msgpack.Unmarshal(heard(t, messages)[0].Payload, &back))
	assert.EqualValues(t, fmt.Sprint(given), fmt.Sprint(back))
	assert.EqualValues(t, int64(1)<<62, back["whole"])
}

func TestAPayloadThatIsTooLargeIsReplacedByItsSize(t *testing.T) {
	messages, _, err := NewWriter("o").Messages([]event.Event{{Name: "a.b", TaskID: 7,
		Payload: payload(t, map[string]any{"text": strings.Repeat("x", MaxEvent)})}})
	require.NoError(t, err)
	back := heard(t, messages)[0]
	assert.Equal(t, int64(7), back.TaskID)
	var fields map[string]int
	require.NoError(t, msgpack.Unmarshal(back.Payload, &fields))
	assert.Equal(t, map[string]int{Omitted: MaxEvent + len(`{"text":""}`)}, fields)
}

func TestAnEventThatCannotBeReadIsLeftOutAndCounted(t *testing.T) {
	messages, unreadable, err := NewWriter("o").Messages([]event.Event{{Name: "a.b", Payload: []byte{0xc1}}, {Name: "a.c"}})
	assert.ErrorContains(t, err, "a.b")
	assert.Equal(t, 1, unreadable)
	assert.Equal(t, "a.c", heard(t, messages)[0].Name)
}

func TestStrangersAreRefused(t *testing.T) {
	for _, text := range []string{"", "hello", "tc1 o 1 0 1", "tc2 o 1 0 1\n[]", "tc1 o x 0 1\n[]", "tc1 o 1 1 1\n[]",
		"tc1 o 1 -1 1\n[]", "tc1 o 1 0 99999999\n[]"} {
		_, err := parse(text)
		assert.Error(t, err, text)
	}
	for _, list := range []string{"", "{}", "[1]", "[[]]", `[["a.b",0,0,0,"","",""]]`, `[["",0,0,0,"","","",null]]`,
		`[["a.b","x",0,0,"","","",null]]`, `[["a.b",0,0,0,"","","",[1]]]`} {
		_, err := decode("o", list)
		assert.Error(t, err, list)
	}
}

func TestPartsThatNeverEndAreForgotten(t *testing.T) {
	parts := assembly{}
	for i := range 10 * maxOpen {
		_, whole := parts.add(message{origin: "o", number: uint64(i), part: 0, parts: 2})
		require.False(t, whole)
		require.LessOrEqual(t, len(parts), maxOpen)
	}
	_, whole := parts.add(message{origin: "o", number: 3, part: 1, parts: 2, body: "late"})
	assert.False(t, whole)
}

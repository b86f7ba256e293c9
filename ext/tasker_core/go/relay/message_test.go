package relay

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

func payload(t require.TestingT, value any) []byte {
	packed, err := msgpack.Marshal(value)
	require.NoError(t, err)
	return packed
}

// heard puts messages together again, as a listener does.
func heard(t require.TestingT, messages []string) (events []event.Event) {
	var parts assembly
	for _, text := range messages {
		require.Less(t, len(text), 8000, "PostgreSQL takes less than 8,000 bytes")
		m, err := parse(text)
		require.NoError(t, err)
		if list, whole := parts.add(1, m); whole {
			more, err := decode(m.origin, list)
			require.NoError(t, err)
			events = append(events, more...)
		}
	}
	require.Empty(t, parts.bodies)
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

func TestEveryFormOfJSONIsRead(t *testing.T) {
	for _, text := range []string{`{}`, ` { "a" : [ ] , "b":{}} `, `{"a":[1,2,[3],[],{},{"x":[null,true,false]}],"b":"]}[{,:\\\"","c":-1.5e3}`,
		`{"a":[[[]],[[],[]]],"b":[" "],"\u0000,":"\ud83d\ude00","e":18446744073709551616,"f":1e400,"g":-0}`} {
		packed, err := fromJSON([]byte(text))
		require.NoError(t, err, text)
		require.NoError(t, msgpackstrict.Whole(packed, 0), text)
		var read map[string]any
		require.NoError(t, msgpack.Unmarshal(packed, &read), text)
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var want map[string]any
		require.NoError(t, d.Decode(&want))
		assert.Equal(t, fmt.Sprint(numbers(want)), fmt.Sprint(read), text)
	}
	for _, text := range []string{"[]", "1", `"a"`, " [{}]"} {
		_, err := fromJSON([]byte(text))
		assert.Error(t, err, text)
	}
}

// numbers are what the bus has for numbers of JSON.
func numbers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			v[key] = numbers(element)
		}
	case []any:
		for i, element := range v {
			v[i] = numbers(element)
		}
	case json.Number:
		return plain(v)
	}
	return value
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
	for _, list := range []string{"", "{}", "[1]", "[[]]", `[["a.b",0,0,0,"","",""]]`, `[["",0,0,0,"","","",null]]`, `[["relay.gap",0,0,0,"","","",null]]`,
		`[["a.b","x",0,0,"","","",null]]`, `[["a.b",0,0,0,"","","",[1]]]`} {
		_, err := decode("o", list)
		assert.Error(t, err, list)
	}
}

func part(origin string, number uint64, place, parts int) message {
	return message{origin: origin, number: number, part: place, parts: parts, body: fmt.Sprint(origin, place)}
}

func TestPartsThatNeverEndAreForgotten(t *testing.T) {
	var parts assembly
	for i := range 1000 {
		_, whole := parts.add(uint32(i), part("o", uint64(i), 0, maxParts))
		require.False(t, whole)
		require.LessOrEqual(t, cap(parts.bodies), maxParts)
	}
	_, whole := parts.add(3, part("o", 3, 1, 2))
	assert.False(t, whole)
}

func TestPartsOfAnotherProcessAreNotTakenForTheSenders(t *testing.T) {
	for what, strangers := range map[string][]message{
		"before it":        {part("o", 1, 0, 3)},
		"other parts":      {part("o", 1, 0, 5), part("o", 1, 1, 5)},
		"some that end":    {part("o", 1, 0, 2), part("o", 1, 1, 2)},
		"many at once":     {part("o", 1, 0, 3), part("o", 2, 0, 3), part("p", 1, 0, 3), part("q", 1, 0, 3)},
		"without a begin":  {part("o", 1, 1, 3), part("o", 1, 2, 3)},
		"one that is last": {part("o", 1, 2, 3)},
	} {
		var parts assembly
		for _, m := range strangers {
			parts.add(666, m)
		}
		for place := range 3 {
			list, whole := parts.add(1, part("o", 1, place, 3))
			assert.Equal(t, place == 2, whole, what)
			if whole {
				assert.Equal(t, "o0o1o2", list, what)
			}
		}
	}
	var parts assembly
	parts.add(1, part("o", 1, 0, 2))
	_, whole := parts.add(666, part("o", 1, 1, 2))
	assert.False(t, whole, "a stranger does not end a message")
}

// unfolded is how much memory a message takes while it becomes events.
func unfolded(t *testing.T, list string) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	events, err := decode("o", list)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(events)
	require.NoError(t, err)
	return after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc)
}

func TestAMessageUnfoldsToNoMoreThanAFewTimesItself(t *testing.T) {
	room := maxParts * (maxMessage - 48)
	for _, piece := range []string{"[],", `{"":0},`, `"",`, "1e9,"} {
		list := `[["a.b",0,0,0,"","","",{"a":[` + strings.TrimSuffix(strings.Repeat(piece, (room-60)/len(piece)), ",") + `]}]]`
		require.LessOrEqual(t, len(list), room)
		assert.Less(t, unfolded(t, list), uint64(6*room), piece)
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`["a",0,0,0,"","","",null],`, room/26), ",") + "]"
	assert.Less(t, unfolded(t, many), uint64(20*room))
}

func TestWhatIsLongerThanTheLargestEventIsRefused(t *testing.T) {
	_, err := parse(fmt.Sprintf("tc1 o 1 0 %d\n[]", maxParts))
	require.NoError(t, err)
	_, err = parse(fmt.Sprintf("tc1 o 1 0 %d\n[]", maxParts+1))
	require.Error(t, err)
	_, err = parse("tc1 " + strings.Repeat("o", longestOrigin+1) + " 1 0 1\n[]")
	require.Error(t, err)
	writer := NewWriter(strings.Repeat("o", longestOrigin))
	for _, text := range []string{strings.Repeat("x", MaxEvent-20), strings.Repeat("ä", MaxEvent/6-20), strings.Repeat("😀", MaxEvent/12-20), strings.Repeat("ä", MaxEvent/4)} {
		messages, _, err := writer.Messages([]event.Event{{Name: "a.b", TaskName: strings.Repeat("n", 255), Payload: payload(t, map[string]any{"text": text})}})
		require.NoError(t, err)
		require.LessOrEqual(t, len(messages), maxParts)
		require.Len(t, heard(t, messages), 1)
	}
}

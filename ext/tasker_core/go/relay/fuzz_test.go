package relay

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

// oddPayloads are maps that a host can publish and JSON has no form for.
var oddPayloads = map[string][]byte{
	"a list as a key": {0x81, 0x91, 0x01, 0x02}, "a map as a key": {0x81, 0x80, 0x02}, "bytes as a key": {0x81, 0xc4, 0x01, 'k', 0x02},
	"nil as a key": {0x81, 0xc0, 0x02}, "a time": {0x81, 0xa1, 'k', 0xd6, 0xff, 1, 2, 3, 4}, "not a number": {0x81, 0xa1, 'k', 0xca, 0x7f, 0xc0, 0, 0},
	"bytes": {0x81, 0xa1, 'k', 0xc4, 0x02, 0xff, 0xfe}, "text that is none": {0x81, 0xa1, 'k', 0xa2, 0xff, 0xfe}, "nil twice": {0x82, 0xc0, 0xc0, 0xc0, 0xc0},
}

func TestOddPayloadsAreRelayed(t *testing.T) {
	for what, packed := range oddPayloads {
		text, err := toJSON(packed)
		require.NoError(t, err, what)
		assert.True(t, json.Valid(text), what)
	}
}

func TestAnEventWhosePayloadCannotBeReadIsLeftOutAlone(t *testing.T) {
	for what, packed := range map[string][]byte{
		"an unknown extension": {0x81, 0xa1, 'k', 0xd4, 0x7f, 0x01}, "a time beyond all years": {0x81, 0xa1, 'k', 0xc7, 0x0c, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0, 0, 0, 0, 0, 0},
		"too deep": append(bytes.Repeat([]byte{0x81, 0xa1, 'k'}, 1_000_000), 0xc0), "no whole value": {0x81},
	} {
		messages, unreadable, err := NewWriter("o").Messages([]event.Event{{Name: "a.b", Payload: packed}, {Name: "a.c"}})
		assert.ErrorContains(t, err, "a.b", what)
		assert.Equal(t, 1, unreadable, what)
		assert.Equal(t, "a.c", heard(t, messages)[0].Name, what)
	}
}

func TestAMessageThatIsTooDeepIsRefused(t *testing.T) {
	for _, depth := range []int{msgpackstrict.MaxDepth + 1, 9_000, 2_000_000} {
		_, err := decode("o", `[["a.b",0,0,0,"","","",`+strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)+"]]")
		assert.ErrorIs(t, err, msgpackstrict.ErrTooDeep)
	}
}

// FuzzMessage: whatever somebody notifies on the channel, it is events or an error.
func FuzzMessage(f *testing.F) {
	messages, _, err := NewWriter("host:1:1").Messages([]event.Event{{Name: "a.b", TaskID: 7, Payload: []byte{0x81, 0xa1, 'k', 0x07}}, {Name: "a.c"}})
	require.NoError(f, err)
	for _, text := range append(messages, "", "tc1 o 1 0 1\n[]", "tc1 o 1 0 2\n[[", `tc1 o 1 0 1`+"\n"+`[["a",1e400,0,0,"","","",{}]]`,
		"tc1 o 1 0 1\n"+strings.Repeat("[", 20_000)) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parse(text)
		if err != nil {
			return
		}
		events, err := decode(m.origin, m.body)
		if err != nil {
			return
		}
		for i := range events {
			require.NotEmpty(t, events[i].Name)
			require.NoError(t, msgpackstrict.Whole(orNil(events[i].Payload), 0))
		}
	})
}

func orNil(payload []byte) []byte {
	if payload == nil {
		return []byte{0xc0}
	}
	return payload
}

// FuzzToJSON: any payload gives JSON or an error.
func FuzzToJSON(f *testing.F) {
	for _, packed := range oddPayloads {
		f.Add(packed)
	}
	data, err := msgpack.Marshal(map[string]any{"a": []any{1, "x", nil, map[string]any{"b": time.Unix(1, 2)}}})
	require.NoError(f, err)
	f.Add(data)
	f.Fuzz(func(t *testing.T, packed []byte) {
		text, err := encode(&event.Event{Name: "a", Payload: packed})
		if err == nil {
			require.True(t, json.Valid(text))
		}
	})
}

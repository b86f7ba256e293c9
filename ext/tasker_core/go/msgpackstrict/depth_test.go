package msgpackstrict_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

// nested are lists or maps of one element, so many deep, around a nil.
func nested(open []byte, depth int) []byte { return append(bytes.Repeat(open, depth), 0xc0) }

var openings = map[string][]byte{
	"short lists": {0x91}, "lists": {0xdc, 0, 1}, "long lists": {0xdd, 0, 0, 0, 1},
	"short maps": {0x81, 0xc0}, "maps": {0xde, 0, 1, 0xa1, 'k'}, "long maps": {0xdf, 0, 0, 0, 1, 0xcc, 7},
	"maps as keys": {0x81},
}

func TestBytesAreRefusedFromTheFirstLevelThatIsTooDeep(t *testing.T) {
	for what, open := range openings {
		tail := []byte{}
		if what == "maps as keys" {
			tail = bytes.Repeat([]byte{0xc0}, msgpackstrict.MaxDepth+1)
		}
		assert.NoError(t, msgpackstrict.Whole(append(nested(open, msgpackstrict.MaxDepth), tail...), 0), what)
		assert.ErrorIs(t, msgpackstrict.Whole(append(nested(open, msgpackstrict.MaxDepth+1), tail...), 0), msgpackstrict.ErrTooDeep, what)
		assert.ErrorIs(t, msgpackstrict.Whole(nested(open, 5_000_000), 0), msgpackstrict.ErrTooDeep, what)
	}
	assert.EqualError(t, msgpackstrict.ErrTooDeep, "it is nested deeper than 100 levels")
}

func TestWholeValuesAreWholeAndTheirBeginningsAreNot(t *testing.T) {
	for _, value := range []any{
		nil, true, 7, -7, -70, 70_000, int64(math.MinInt64), uint64(math.MaxUint64), float32(1.5), 2.5, "", "text",
		strings.Repeat("x", 300), strings.Repeat("x", 70_000), []byte{1}, bytes.Repeat([]byte{1}, 300), bytes.Repeat([]byte{1}, 70_000),
		[]any{}, make([]int, 300), make([]int, 70_000), map[string]any{"a": []any{1, map[string]any{"b": "c"}}}, time.Unix(1, 1),
	} {
		data, err := msgpack.Marshal(value)
		require.NoError(t, err)
		assert.NoError(t, msgpackstrict.Whole(data, 0), "%T", value)
		assert.NoError(t, msgpackstrict.Whole(append(data, 0xc1), 0), "what follows is not looked at")
		for cut := 0; cut < len(data); cut += 1 + len(data)/50 {
			assert.Error(t, msgpackstrict.Whole(data[:cut], 0), "%T cut at %d", value, cut)
		}
	}
	assert.Error(t, msgpackstrict.Whole([]byte{0xc1}, 0))
	assert.Error(t, msgpackstrict.Whole([]byte{0xdf, 0xff, 0xff, 0xff, 0xff}, 0), "a length that the bytes do not hold")
}

func TestSettingsThatAreTooDeepAreNotDecoded(t *testing.T) {
	for _, value := range [][]byte{nested([]byte{0x91}, 5_000_000), nested([]byte{0x81, 0xa1, 'k'}, 5_000_000)} {
		data := append([]byte{0x81, 0xa5, 'n', 'a', 'm', 'e', 's'}, value...)
		assert.ErrorIs(t, msgpackstrict.Decode(data, &target{}), msgpackstrict.ErrTooDeep)
	}
}

func TestAJSONTextIsRefusedFromTheFirstLevelThatIsTooDeep(t *testing.T) {
	deep := func(open, shut string, depth int) []byte {
		text := strings.Repeat(open, depth) + "1" + strings.Repeat(shut, depth)
		require.True(t, depth > 10_000 || json.Valid([]byte(text)))
		return []byte(text)
	}
	for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}, {`{"[{\"[":`, "}"}} {
		assert.NoError(t, msgpackstrict.ShallowJSON(deep(pair[0], pair[1], msgpackstrict.MaxDepth), 0))
		assert.ErrorIs(t, msgpackstrict.ShallowJSON(deep(pair[0], pair[1], msgpackstrict.MaxDepth+1), 0), msgpackstrict.ErrTooDeep)
		assert.ErrorIs(t, msgpackstrict.ShallowJSON(deep(pair[0], pair[1], 5_000_000), 0), msgpackstrict.ErrTooDeep)
	}
	assert.NoError(t, msgpackstrict.ShallowJSON([]byte(`"`+strings.Repeat("[", 1000)+`"`), 0), "brackets in a text are no lists")
	assert.NoError(t, msgpackstrict.ShallowJSON([]byte(strings.Repeat("[],", 1000)), 0))
}

// FuzzWhole: what is whole can be skipped by the library, and the other way round.
func FuzzWhole(f *testing.F) {
	for _, open := range openings {
		f.Add(nested(open, 3))
	}
	f.Add([]byte{0xd9})
	f.Add([]byte{0xc9, 0, 0, 0, 1, 5, 6})
	f.Fuzz(func(t *testing.T, data []byte) {
		err := msgpackstrict.Whole(data, 0)
		if err == msgpackstrict.ErrTooDeep {
			return
		}
		library := msgpack.NewDecoder(bytes.NewReader(data)).Skip()
		require.Equal(t, library == nil, err == nil, "%v, the library says %v", err, library)
	})
}

// FuzzDecode: any bytes give values or an error.
func FuzzDecode(f *testing.F) {
	for _, value := range []any{map[string]any{"colour": nil}, map[string]any{"size": nil, "names": []any{nil}}, map[int]any{1: nil}} {
		data, err := msgpack.Marshal(value)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) { _ = msgpackstrict.Decode(data, &target{}) })
}

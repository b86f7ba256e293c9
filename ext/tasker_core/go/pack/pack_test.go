package pack_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/pack"
)

// foreign encodes with another library, with short and with fixed forms of integers.
func foreign(t require.TestingT, compact bool, values ...any) []byte {
	var buffer bytes.Buffer
	e := msgpack.NewEncoder(&buffer)
	e.UseCompactInts(compact)
	require.NoError(t, e.EncodeMulti(values...))
	return buffer.Bytes()
}

func TestIntegersAndTextsCrossBothWays(t *testing.T) {
	edges := []int64{0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64}
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64(), rapid.SampledFrom(edges)).Draw(t, "number")
		text := rapid.StringN(0, 300, 70_000).Draw(t, "text")
		for _, compact := range []bool{false, true} {
			r := pack.NewReader(foreign(t, compact, number, text, []byte(text), nil, nil))
			require.Equal(t, number, r.Int())
			require.Equal(t, text, string(r.Bytes()))
			require.Equal(t, text, string(r.Bytes()))
			require.Nil(t, r.Bytes())
			require.True(t, r.Nil())
			require.NoError(t, r.End())
		}
		written := pack.AppendBinary(pack.AppendText(pack.AppendInt(nil, number), text), []byte(text))
		var back struct {
			_msgpack struct{} `msgpack:",as_array"`
			Number   int64
			Text     string
			Bytes    []byte
		}
		require.NoError(t, msgpack.Unmarshal(append(pack.AppendArray(nil, 3), written...), &back))
		require.Equal(t, []any{number, text, text}, []any{back.Number, back.Text, string(back.Bytes)})
	})
}

func TestLongTextsAndArraysHaveLongHeads(t *testing.T) {
	for _, length := range []int{0, 15, 16, 31, 32, 255, 256, 65535, 65536, 1 << 20} {
		text := string(make([]byte, length))
		var back struct {
			Text  string
			Bytes []byte
			List  []int
		}
		data := pack.AppendMap(nil, 3)
		data = pack.AppendText(pack.AppendText(data, "Text"), text)
		data = pack.AppendBinary(pack.AppendText(data, "Bytes"), []byte(text))
		data = append(pack.AppendArray(pack.AppendText(data, "List"), length), make([]byte, length)...)
		require.NoError(t, msgpack.Unmarshal(data, &back))
		assert.Equal(t, text, back.Text)
		assert.Len(t, back.Bytes, length)
		assert.Len(t, back.List, length)
		r := pack.NewReader(data)
		assert.Equal(t, data, r.Map())
		require.NoError(t, r.End())
	}
}

func TestAMapIsPassedWithWhateverIsInIt(t *testing.T) {
	large := make([]int, 70_000)
	value := map[string]any{"nil": nil, "true": true, "floats": []any{float32(1), 2.5}, "ints": []any{1, -1, 1 << 20, -(1 << 40)},
		"time": time.Now(), "far": time.Unix(1<<40, 5), "text": "x", "bytes": make([]byte, 300), "large": large,
		"maps": map[string]any{"a": map[int]int{1: 2}}}
	for _, compact := range []bool{false, true} {
		data := foreign(t, compact, value)
		r := pack.NewReader(append(data, 7))
		assert.Equal(t, data, r.Map())
		assert.Equal(t, int64(7), r.Int())
		require.NoError(t, r.End())
		for end := range min(len(data), 2000) {
			r := pack.NewReader(data[:end])
			assert.Nil(t, r.Map())
			assert.Error(t, r.End())
		}
	}
}

func TestWhatIsSomethingElseIsAnError(t *testing.T) {
	for what, read := range map[string]func(*pack.Reader){
		"array": func(r *pack.Reader) { r.Array() }, "integer": func(r *pack.Reader) { r.Int() },
		"text": func(r *pack.Reader) { r.Bytes() }, "map": func(r *pack.Reader) { r.Map() },
	} {
		r := pack.NewReader([]byte{0xc3})
		read(r)
		read(r)
		assert.ErrorContains(t, r.End(), what+" was expected")
	}
	r := pack.NewReader([]byte{0xc1})
	r.Map()
	assert.Error(t, r.Err())
	assert.Error(t, pack.NewReader([]byte{1}).End(), "bytes are left over")
}

package msgpackstrict_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

type even struct{ n int64 }

func (even) Wanted() string { return "an even integer" }

func (e *even) DecodeMsgpack(d *msgpack.Decoder) (err error) {
	if e.n, err = d.DecodeInt64(); err == nil && e.n%2 == 1 {
		err = errors.New("it is odd")
	}
	return err
}

type Inner struct {
	Ratio *float64 `msgpack:"ratio"`
	Names []string `msgpack:"names"`
}

type target struct {
	Size int    `msgpack:"size,omitempty"`
	Name string `msgpack:"name"`
	On   bool   `msgpack:"on"`
	Even even   `msgpack:"even"`
	Deep Inner  `msgpack:"deep"`
	Inner
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	for _, one := range []struct {
		name  string
		value any
		says  string
	}{
		{"colour", "red", "unknown name colour; known: deep, even, name, names, on, ratio, size"},
		{"colour", nil, "unknown name colour; known: deep, even, name, names, on, ratio, size"},
		{"size", "many", "size is a string; it must be an integer"},
		{"size", []int{1}, "size is a list; it must be an integer"},
		{"name", 7, "name is an integer; it must be a string"},
		{"name", map[string]int{}, "name is a map; it must be a string"},
		{"on", "yes", "on is a string; it must be true or false"},
		{"even", "s3cr3t", "even is a string; it must be an even integer"},
		{"even", 7, "even: it is odd"},
		{"ratio", true, "ratio is true or false; it must be a number"},
		{"names", 1.5, "names is a number with a fraction; it must be a list"},
		{"names", []any{7}, "names contains a value of the wrong type"},
		{"colour", nil, "unknown name colour; known: deep, even, name, names, on, ratio, size"},
		{"", nil, "a name is empty"},
		{"nmae", "x", "unknown name nmae; did you mean name?"},
		{"rati", 1.5, "unknown name rati; did you mean ratio?"},
		{"Size", 1, "unknown name Size; did you mean size?"},
		{"deep", map[string]any{"ration": 1.5}, "deep: unknown name ration; did you mean ratio?"},
		{"deep", map[string]any{"ratio": "x"}, "deep: ratio is a string; it must be a number"},
		{"deep", map[string]any{"names": []any{7}}, "deep: names contains a value of the wrong type"},
	} {
		data, err := msgpack.Marshal(map[string]any{"on": true, one.name: one.value})
		require.NoError(t, err)
		assert.EqualError(t, msgpackstrict.Decode(data, &target{}), one.says)
	}
}

func TestNilIsNotWhatDoesNotFit(t *testing.T) {
	data, err := msgpack.Marshal(map[string]any{"names": nil, "ratio": true})
	require.NoError(t, err)
	assert.EqualError(t, msgpackstrict.Decode(data, &target{}), "ratio is true or false; it must be a number")
}

func TestWhatFitsIsRead(t *testing.T) {
	data, err := msgpack.Marshal(map[string]any{"size": 3, "even": 4, "names": []string{"a"}})
	require.NoError(t, err)
	var read target
	require.NoError(t, msgpackstrict.Decode(data, &read))
	assert.Equal(t, target{Size: 3, Even: even{4}, Inner: Inner{Names: []string{"a"}}}, read)
}

func TestNoMapIsAnError(t *testing.T) {
	for _, data := range [][]byte{nil, {0xc1}, {0x93, 1}, {0x81, 0xa1}} {
		assert.Error(t, msgpackstrict.Decode(data, &target{}))
	}
}

package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// fromJSON turns JSON into a payload of the bus. Only a map is one. The text is read
// twice, piece by piece, and never as a whole: built in memory, a megabyte of small lists
// would be fifty.
func fromJSON(text []byte) ([]byte, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	if bytes.TrimLeft(text, " \t\r\n")[0] != '{' {
		return nil, errors.New("its payload is no map")
	}
	sizes, err := measure(text)
	if err != nil {
		return nil, fmt.Errorf("its payload: %w", err)
	}
	var packed bytes.Buffer
	packed.Grow(len(text))
	e := msgpack.NewEncoder(&packed)
	e.UseCompactInts(true)
	err = walk(text, func(token json.Token) error {
		if delimiter, opens := token.(json.Delim); opens {
			size := int(sizes[0])
			sizes = sizes[1:]
			if delimiter == '{' {
				return e.EncodeMapLen(size / 2)
			}
			return e.EncodeArrayLen(size)
		}
		return e.Encode(plain(token))
	})
	return packed.Bytes(), err
}

// measure gives how many elements each list and map has, in the order in which they
// begin; of a map the keys count too.
func measure(text []byte) (sizes []uint32, err error) {
	var open []int
	err = walk(text, func(token json.Token) error {
		if n := len(open); n > 0 {
			sizes[open[n-1]]++
		}
		if _, opens := token.(json.Delim); opens {
			open = append(open, len(sizes))
			sizes = append(sizes, 0)
		}
		return nil
	}, func() { open = open[:len(open)-1] })
	return sizes, err
}

// walk tells of the tokens of a text, and of where lists and maps end.
func walk(text []byte, begin func(json.Token) error, end ...func()) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('}'), json.Delim(']'):
			depth--
			for _, told := range end {
				told()
			}
		default:
			if err := begin(token); err != nil {
				return err
			}
			if _, opens := token.(json.Delim); opens {
				depth++
			}
		}
		if depth == 0 {
			return nil
		}
	}
}

// plain makes integers of numbers that are some.
func plain(token json.Token) any {
	number, ok := token.(json.Number)
	if !ok {
		return token
	}
	if whole, err := number.Int64(); err == nil {
		return whole
	}
	fraction, err := number.Float64()
	if err != nil {
		return number.String()
	}
	return fraction
}

package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/vmihailenco/msgpack/v5"
)

// fromJSON turns JSON into a payload of the bus. Only a map is one. The text is never
// built in memory as a whole: a megabyte of small lists would be fifty. It must be valid.
func fromJSON(text []byte) ([]byte, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	if bytes.TrimLeft(text, " \t\r\n")[0] != '{' {
		return nil, errors.New("its payload is not a map")
	}
	var packed bytes.Buffer
	packed.Grow(len(text))
	e := msgpack.NewEncoder(&packed)
	e.UseCompactInts(true)
	err := write(e, text, measure(text))
	return packed.Bytes(), err
}

// measure gives how many elements each list and how many pairs each map has, in the
// order in which they begin.
func measure(text []byte) (sizes []uint32) {
	var open []int
	quoted := false
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quoted:
			if b == '\\' {
				i++
			}
			quoted = b != '"'
			continue
		case b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == ':':
			continue
		case b == ']' || b == '}':
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 && (b == ',' || sizes[open[n-1]] == 0) {
			sizes[open[n-1]]++
		}
		if b == '[' || b == '{' {
			open, sizes = append(open, len(sizes)), append(sizes, 0)
		}
		quoted = b == '"'
	}
	return sizes
}

// write writes the tokens of a text as msgpack.
func write(e *msgpack.Encoder, text []byte, sizes []uint32) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for begun := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch delimiter, _ := token.(json.Delim); {
		case err != nil:
			return fmt.Errorf("its payload: %w", err)
		case delimiter == '{':
			err = e.EncodeMapLen(int(sizes[begun]))
			begun++
		case delimiter == '[':
			err = e.EncodeArrayLen(int(sizes[begun]))
			begun++
		case delimiter == 0:
			err = e.Encode(plain(token))
		}
		if err != nil {
			return err
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

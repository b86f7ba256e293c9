package msgpackstrict

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// MaxDepth is the maximum nesting of lists and maps in the payload of an event, in a JSON document
// and in an argument. Readers recurse, and exhausting a stack ends the process; deeper than this,
// Ruby's readers of JSON and msgpack fail.
const MaxDepth = 100

// Around is how many levels of an envelope may be around such a value.
const Around = 4

// ErrTooDeep says that a value is nested deeper than MaxDepth.
var ErrTooDeep = fmt.Errorf("it is nested deeper than %d levels", MaxDepth)

// Whole tells whether bytes begin with one whole msgpack value that is nested no deeper
// than MaxDepth below as many levels of an envelope. It does not recurse and allocates
// nothing that grows with the bytes.
func Whole(data []byte, around int) error {
	var left [MaxDepth + Around + 1]uint64
	depth := 0
	left[0] = 1
	for {
		for left[depth] == 0 {
			if depth == 0 {
				return nil
			}
			depth--
		}
		left[depth]--
		skip, elements, err := head(data)
		if err != nil {
			return err
		}
		if skip > uint64(len(data)) {
			return io.ErrUnexpectedEOF
		}
		data = data[skip:]
		if elements == 0 {
			continue
		}
		if depth == MaxDepth+around {
			return ErrTooDeep
		}
		depth++
		left[depth] = elements
	}
}

// head gives how many bytes a value takes without the elements that follow it, and how
// many those are.
func head(data []byte) (skip, elements uint64, err error) {
	if len(data) == 0 {
		return 0, 0, io.ErrUnexpectedEOF
	}
	code := data[0]
	switch {
	case msgpcode.IsFixedNum(code) || code == msgpcode.Nil || code == msgpcode.False || code == msgpcode.True:
		return 1, 0, nil
	case msgpcode.IsFixedString(code):
		return 1 + uint64(code&msgpcode.FixedStrMask), 0, nil
	case msgpcode.IsFixedArray(code):
		return 1, uint64(code & msgpcode.FixedArrayMask), nil
	case msgpcode.IsFixedMap(code):
		return 1, 2 * uint64(code&msgpcode.FixedMapMask), nil
	}
	form := forms[code]
	if !form.known() {
		return 0, 0, fmt.Errorf("%#x does not begin a value", code)
	}
	length, err := number(data[1:], form.length)
	return 1 + uint64(form.length) + form.fixed + length*form.bytes, length * form.elements, err
}

// form is what follows a code: so many bytes that hold a length, a fixed number of bytes,
// and for each unit of the length so many bytes or elements.
type form struct {
	length          int
	fixed           uint64
	bytes, elements uint64
}

func (f form) known() bool { return f.length > 0 || f.fixed > 0 }

// forms has the form of each code that is not one of the short ones.
var forms = table(map[byte]form{
	msgpcode.Uint8: {fixed: 1}, msgpcode.Uint16: {fixed: 2}, msgpcode.Uint32: {fixed: 4}, msgpcode.Uint64: {fixed: 8},
	msgpcode.Int8: {fixed: 1}, msgpcode.Int16: {fixed: 2}, msgpcode.Int32: {fixed: 4}, msgpcode.Int64: {fixed: 8},
	msgpcode.Float: {fixed: 4}, msgpcode.Double: {fixed: 8},
	msgpcode.Str8: {length: 1, bytes: 1}, msgpcode.Str16: {length: 2, bytes: 1}, msgpcode.Str32: {length: 4, bytes: 1},
	msgpcode.Bin8: {length: 1, bytes: 1}, msgpcode.Bin16: {length: 2, bytes: 1}, msgpcode.Bin32: {length: 4, bytes: 1},
	msgpcode.Array16: {length: 2, elements: 1}, msgpcode.Array32: {length: 4, elements: 1},
	msgpcode.Map16: {length: 2, elements: 2}, msgpcode.Map32: {length: 4, elements: 2},
	msgpcode.FixExt1: {fixed: 2}, msgpcode.FixExt2: {fixed: 3}, msgpcode.FixExt4: {fixed: 5}, msgpcode.FixExt8: {fixed: 9},
	msgpcode.FixExt16: {fixed: 17}, msgpcode.Ext8: {length: 1, fixed: 1, bytes: 1}, msgpcode.Ext16: {length: 2, fixed: 1, bytes: 1},
	msgpcode.Ext32: {length: 4, fixed: 1, bytes: 1},
})

func table(of map[byte]form) (all [256]form) {
	for code, form := range of {
		all[code] = form
	}
	return all
}

func number(data []byte, width int) (uint64, error) {
	if len(data) < width {
		return 0, io.ErrUnexpectedEOF
	}
	switch width {
	case 1:
		return uint64(data[0]), nil
	case 2:
		return uint64(binary.BigEndian.Uint16(data)), nil
	case 4:
		return uint64(binary.BigEndian.Uint32(data)), nil
	}
	return 0, nil
}

// ShallowJSON tells whether JSON text is nested no deeper than MaxDepth below this many levels of
// an envelope. It does not check whether the text is JSON.
func ShallowJSON(text []byte, around int) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '[', '{':
			if quoted {
				continue
			}
			if depth++; depth > MaxDepth+around {
				return ErrTooDeep
			}
		case ']', '}':
			if !quoted {
				depth--
			}
		}
	}
	return nil
}

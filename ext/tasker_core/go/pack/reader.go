package pack

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Reader reads msgpack from bytes. After its first error everything that it gives is
// empty, so that a caller checks once, at the end.
type Reader struct {
	data []byte
	at   int
	err  error
}

// NewReader gives a reader of the bytes, which must not change meanwhile.
func NewReader(data []byte) *Reader { return &Reader{data: data} }

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// End makes bytes that are left over an error, and gives the first error.
func (r *Reader) End() error {
	if r.err == nil && r.at != len(r.data) {
		r.fail("%d bytes are left over", len(r.data)-r.at)
	}
	return r.err
}

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// next gives the next bytes, in the place where they are.
func (r *Reader) next(count int) []byte {
	if r.err != nil || count < 0 || count > len(r.data)-r.at {
		r.fail("the bytes end too early")
		return nil
	}
	r.at += count
	return r.data[r.at-count : r.at : r.at]
}

func (r *Reader) code() byte {
	if code := r.next(1); code != nil {
		return code[0]
	}
	return 0xc1 // which msgpack never uses
}

// number reads an unsigned integer of that many bytes.
func (r *Reader) number(bytes int) uint64 {
	data := r.next(bytes)
	if data == nil {
		return 0
	}
	switch bytes {
	case 1:
		return uint64(data[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(data))
	case 4:
		return uint64(binary.BigEndian.Uint32(data))
	}
	return binary.BigEndian.Uint64(data)
}

// Nil reads nil if that comes next.
func (r *Reader) Nil() bool {
	if r.err != nil || r.at >= len(r.data) || r.data[r.at] != 0xc0 {
		return false
	}
	r.at++
	return true
}

// Array reads the beginning of an array and gives the number of its elements.
func (r *Reader) Array() int {
	switch code := r.code(); {
	case code&0xf0 == 0x90:
		return int(code & 0x0f)
	case code == 0xdc:
		return int(r.number(2))
	case code == 0xdd:
		return int(r.number(4))
	default:
		r.fail("an array was expected, not code %#x", code)
	}
	return 0
}

// Int reads an integer, or nil as 0.
func (r *Reader) Int() int64 {
	code := r.code()
	switch {
	case code < 0x80 || code >= 0xe0:
		return int64(int8(code))
	case code == 0xc0:
		return 0
	case code >= 0xcc && code <= 0xcf:
		value := r.number(1 << (code - 0xcc))
		if value > math.MaxInt64 {
			r.fail("%d is too large", value)
		}
		return int64(value)
	}
	switch code {
	case 0xd0:
		return int64(int8(r.number(1)))
	case 0xd1:
		return int64(int16(r.number(2)))
	case 0xd2:
		return int64(int32(r.number(4)))
	case 0xd3:
		return int64(r.number(8))
	}
	r.fail("an integer was expected, not code %#x", code)
	return 0
}

// Bytes reads text or binary, or nil, and gives it in the place where it is.
func (r *Reader) Bytes() []byte {
	code := r.code()
	switch {
	case code&0xe0 == 0xa0:
		return r.next(int(code & 0x1f))
	case code >= 0xd9 && code <= 0xdb:
		return r.next(int(r.number(1 << (code - 0xd9))))
	case code >= 0xc4 && code <= 0xc6:
		return r.next(int(r.number(1 << (code - 0xc4))))
	case code != 0xc0:
		r.fail("text was expected, not code %#x", code)
	}
	return nil
}

// Map reads a whole map without looking into it, or nil, and gives it in the place
// where it is.
func (r *Reader) Map() []byte {
	if r.Nil() {
		return nil
	}
	from := r.at
	code := r.code()
	r.at = from
	if code&0xf0 != 0x80 && code != 0xde && code != 0xdf {
		r.fail("a map was expected, not code %#x", code)
	}
	r.skip()
	if r.err != nil {
		return nil
	}
	return r.data[from:r.at:r.at]
}

// skip passes one value, however deep: what is still to be passed is a number.
func (r *Reader) skip() {
	for left := uint64(1); left > 0 && r.err == nil; left-- {
		left += r.skipHead()
	}
}

// skipHead passes a value, or the beginning of one that has elements, and gives their
// number.
func (r *Reader) skipHead() uint64 {
	code := r.code()
	switch {
	case code < 0x80 || code >= 0xe0 || code == 0xc0 || code == 0xc2 || code == 0xc3:
		return 0
	case code < 0x90:
		return 2 * uint64(code&0x0f)
	case code < 0xa0:
		return uint64(code & 0x0f)
	case code < 0xc0:
		r.next(int(code & 0x1f))
	case code >= 0xc4 && code <= 0xc6:
		r.next(int(r.number(1 << (code - 0xc4))))
	case code >= 0xc7 && code <= 0xc9:
		r.next(int(r.number(1<<(code-0xc7))) + 1)
	case code == 0xca || code == 0xcb:
		r.next(4 << (code - 0xca))
	case code >= 0xcc && code <= 0xcf:
		r.next(1 << (code - 0xcc))
	case code >= 0xd0 && code <= 0xd3:
		r.next(1 << (code - 0xd0))
	case code >= 0xd4 && code <= 0xd8:
		r.next(1<<(code-0xd4) + 1)
	case code >= 0xd9 && code <= 0xdb:
		r.next(int(r.number(1 << (code - 0xd9))))
	case code == 0xdc || code == 0xdd:
		return r.number(2 << (code - 0xdc))
	case code == 0xde || code == 0xdf:
		return 2 * r.number(2<<(code-0xde))
	default:
		r.fail("code %#x is not msgpack", code)
	}
	return 0
}

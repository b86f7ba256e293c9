// Package pack writes and reads the few forms of msgpack that events and queues are
// made of, without reflection and without allocating: there are hundreds of thousands
// of them in a second.
package pack

import (
	"encoding/binary"
	"math"
)

// AppendArray begins an array of that many elements.
func AppendArray(to []byte, count int) []byte {
	switch {
	case count < 16:
		return append(to, 0x90|byte(count))
	case count <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, 0xdc), uint16(count))
	}
	return binary.BigEndian.AppendUint32(append(to, 0xdd), uint32(count))
}

// AppendMap begins a map of that many pairs, fewer than 16.
func AppendMap(to []byte, pairs int) []byte { return append(to, 0x80|byte(pairs&0x0f)) }

// AppendNil adds nothing, said aloud.
func AppendNil(to []byte) []byte { return append(to, 0xc0) }

// AppendInt adds an integer in its shortest form.
func AppendInt(to []byte, value int64) []byte {
	switch {
	case value >= 0:
		return AppendUint(to, uint64(value))
	case value >= -32:
		return append(to, byte(value))
	case value >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(to, 0xd2), uint32(value))
	}
	return binary.BigEndian.AppendUint64(append(to, 0xd3), uint64(value))
}

// AppendUint adds an integer that is not negative.
func AppendUint(to []byte, value uint64) []byte {
	switch {
	case value < 128:
		return append(to, byte(value))
	case value <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, 0xcd), uint16(value))
	case value <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(to, 0xce), uint32(value))
	}
	return binary.BigEndian.AppendUint64(append(to, 0xcf), value)
}

// AppendText adds a string.
func AppendText(to []byte, value string) []byte {
	return append(appendLength(to, len(value), 0xa0, 32, 0xd9), value...)
}

// AppendBinary adds bytes.
func AppendBinary(to, value []byte) []byte {
	return append(appendLength(to, len(value), 0, 0, 0xc4), value...)
}

// appendLength writes lengths below short into the code itself, others behind code,
// code + 1 or code + 2, by their size.
func appendLength(to []byte, length int, shortCode byte, short int, code byte) []byte {
	switch {
	case length < short:
		return append(to, shortCode|byte(length))
	case length <= math.MaxUint8:
		return append(to, code, byte(length))
	case length <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(to, code+1), uint16(length))
	}
	return binary.BigEndian.AppendUint32(append(to, code+2), uint32(length))
}

package store

import (
	"strconv"
	"strings"
)

// Int gives an integer parameter.
func Int(value int64) *string {
	text := strconv.FormatInt(value, 10)
	return &text
}

// param gives an integer parameter that may be NULL.
func (n NullInt) param() *string {
	if !n.Valid {
		return nil
	}
	return Int(n.Value)
}

// Text gives a text parameter.
func Text(value string) *string { return &value }

// Ints gives a bigint[] parameter.
func Ints(values []int64) *string {
	var b strings.Builder
	b.Grow(2 + 8*len(values))
	b.WriteByte('{')
	for i, value := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(value, 10))
	}
	b.WriteByte('}')
	return Text(b.String())
}

// Texts gives a text[] parameter.
func Texts(values []string) *string {
	var b strings.Builder
	b.WriteByte('{')
	for i, value := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(arrayEscapes.Replace(value))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return Text(b.String())
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

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

// Text returns a text parameter.
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

// Bools gives a boolean[] parameter.
func Bools(values []bool) *string {
	return array(values, func(b *strings.Builder, value bool) { b.WriteString(strconv.FormatBool(value)) })
}

// Texts returns a text[] parameter.
func Texts(values []string) *string { return array(values, writeText) }

// NullTexts returns a text[] parameter whose elements may be NULL.
func NullTexts(values []*string) *string {
	return array(values, func(b *strings.Builder, value *string) {
		if value == nil {
			b.WriteString("NULL")
			return
		}
		writeText(b, *value)
	})
}

func array[T any](values []T, write func(*strings.Builder, T)) *string {
	var b strings.Builder
	b.WriteByte('{')
	for i, value := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		write(&b, value)
	}
	b.WriteByte('}')
	return Text(b.String())
}

func writeText(b *strings.Builder, value string) {
	b.WriteByte('"')
	b.WriteString(arrayEscapes.Replace(value))
	b.WriteByte('"')
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// postgresEpoch is 2000-01-01T00:00:00Z in microseconds since 1970.
const postgresEpoch = 946684800000000

// NullInt is a bigint or integer that may be NULL.
type NullInt struct {
	Value int64
	Valid bool
}

// FormatError is an answer that is not what the statement promises: a driver or
// a proxy changed it.
type FormatError struct {
	Want string
	Got  string
}

func (e *FormatError) Error() string {
	got := e.Got
	if len(got) > 40 {
		got = got[:40] + "..."
	}
	return fmt.Sprintf("the database answered %q where %s was expected", got, e.Want)
}

// elements walks the elements of a one-dimensional array in PostgreSQL's text
// form. quoted elements come unescaped; null tells an unquoted NULL.
func elements(text string, each func(element string, null bool) error) error {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return &FormatError{Want: "an array", Got: text}
	}
	body := text[1 : len(text)-1]
	for at := 0; at < len(body); {
		element, quoted, next, ok := element(body, at)
		if !ok {
			return &FormatError{Want: "an array", Got: text}
		}
		if err := each(element, !quoted && element == "NULL"); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// element reads the element that starts at body[at] and the comma behind it. A
// comma with nothing behind it is no array.
func element(body string, at int) (value string, quoted bool, next int, ok bool) {
	if body[at] == '"' {
		value, next, ok = quotedElement(body, at+1)
		quoted = true
	} else {
		next = at
		for next < len(body) && body[next] != ',' {
			if body[next] == '"' || body[next] == '{' || body[next] == '}' {
				return "", false, 0, false
			}
			next++
		}
		value, ok = body[at:next], next > at
	}
	if !ok || next == len(body) {
		return value, quoted, next, ok
	}
	return value, quoted, next + 1, body[next] == ',' && next+1 < len(body)
}

// quotedElement reads up to the closing quote, taking backslashes away.
func quotedElement(body string, at int) (value string, next int, ok bool) {
	start := at
	var unescaped []byte
	for ; at < len(body); at++ {
		switch body[at] {
		case '"':
			if unescaped == nil {
				return body[start:at], at + 1, true
			}
			return string(append(unescaped, body[start:at]...)), at + 1, true
		case '\\':
			unescaped = append(unescaped, body[start:at]...)
			at++
			start = at
		}
	}
	return "", 0, false
}

// ParseInts decodes a bigint[] or integer[]; a nil text (no rows were
// aggregated) gives no elements.
func ParseInts(text *string) ([]NullInt, error) {
	return parseNullInts(text, parseInt)
}

// parseNullInts decodes an array whose elements are NULL or what parse reads.
func parseNullInts(text *string, parse func(element string) (int64, error)) ([]NullInt, error) {
	if text == nil {
		return nil, nil
	}
	body, count, err := unquoted(*text)
	values := make([]NullInt, 0, count)
	for len(body) > 0 && err == nil {
		var element string
		element, body = cutElement(body)
		if element == "NULL" {
			values = append(values, NullInt{})
			continue
		}
		var value int64
		value, err = parse(element)
		values = append(values, NullInt{Value: value, Valid: true})
	}
	return values, err
}

// ParseIDs decodes a bigint[] without NULLs.
func ParseIDs(text *string) ([]int64, error) {
	if text == nil {
		return nil, nil
	}
	body, count, err := unquoted(*text)
	values := make([]int64, 0, count)
	for len(body) > 0 && err == nil {
		var element string
		var value int64
		element, body = cutElement(body)
		value, err = parseInt(element)
		values = append(values, value)
	}
	return values, err
}

// unquoted gives the inside of an array whose elements need no quotes, and how
// many there are.
func unquoted(text string) (body string, count int, err error) {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return "", 0, &FormatError{Want: "an array", Got: text}
	}
	if body = text[1 : len(text)-1]; body == "" {
		return "", 0, nil
	}
	if body[len(body)-1] == ',' {
		return "", 0, &FormatError{Want: "an array", Got: text}
	}
	return body, strings.Count(body, ",") + 1, nil
}

func cutElement(body string) (element, rest string) {
	if at := strings.IndexByte(body, ','); at >= 0 {
		return body[:at], body[at+1:]
	}
	return body, ""
}

func parseInt(element string) (int64, error) {
	value, err := strconv.ParseInt(element, 10, 64)
	if err != nil {
		return 0, &FormatError{Want: "an integer", Got: element}
	}
	return value, nil
}

// ParseTexts decodes a text[]; NULL elements are nil.
func ParseTexts(text *string) ([]*string, error) {
	if text == nil {
		return nil, nil
	}
	var values []*string
	err := elements(*text, func(element string, null bool) error {
		if null {
			values = append(values, nil)
		} else {
			values = append(values, &element)
		}
		return nil
	})
	return values, err
}

// ParseMicros decodes an array of encode(timestamp_send(column), 'hex') into
// microseconds since 1970-01-01 UTC of the stored wall clock. timestamp_send is
// exact for every timestamp and does not depend on DateStyle or TimeZone.
// infinity and -infinity stay the largest and the smallest value.
func ParseMicros(text *string) ([]NullInt, error) {
	return parseNullInts(text, Micros)
}

// Micros decodes one encode(timestamp_send(value), 'hex').
func Micros(element string) (int64, error) {
	if len(element) != 16 {
		return 0, &FormatError{Want: "a timestamp", Got: element}
	}
	value, err := strconv.ParseUint(element, 16, 64)
	if err != nil {
		return 0, &FormatError{Want: "a timestamp", Got: element}
	}
	since2000 := int64(value)
	if since2000 == math.MaxInt64 || since2000 == math.MinInt64 || since2000 > math.MaxInt64-postgresEpoch {
		return since2000, nil
	}
	return since2000 + postgresEpoch, nil
}

package creation

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// JSON is read and written here as Ruby on Rails does: names keep their order, and numbers and
// strings have the form that ActiveSupport gives them. The engine hashes such a text, and writes it
// to columns of the type json.

type member struct {
	name  string
	value any
}

// object has each name once, at its first place and with its last value.
type object []member

// decode reads JSON text: object, []any, string, json.Number, bool or nil.
func decode(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	value, err := decodeValue(d)
	if err != nil {
		panic("creation: the text was not checked: " + err.Error())
	}
	return value
}

func decodeValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return decodeObject(d)
	case json.Delim('['):
		return decodeList(d)
	}
	return token, nil
}

func decodeList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		value, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

func decodeObject(d *json.Decoder) (any, error) {
	members, places := object{}, map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		text := name.(string)
		if place, known := places[text]; known {
			members[place].value = value
			continue
		}
		places[text] = len(members)
		members = append(members, member{text, value})
	}
	_, err := d.Token()
	return members, err
}

// TextsJSON writes a list of texts.
func TextsJSON(texts []string) string {
	var b strings.Builder
	writeValue(&b, elements(texts))
	return b.String()
}

func elements(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

func writeValue(b *strings.Builder, value any) {
	switch value := value.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(value))
	case string:
		writeText(b, value)
	case json.Number:
		b.WriteString(number(string(value)))
	case []any:
		writeAll(b, '[', ']', len(value), func(i int) { writeValue(b, value[i]) })
	case object:
		writeAll(b, '{', '}', len(value), func(i int) { writeMember(b, value[i]) })
	}
}

func writeAll(b *strings.Builder, begin, end byte, count int, write func(int)) {
	b.WriteByte(begin)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		write(i)
	}
	b.WriteByte(end)
}

func writeMember(b *strings.Builder, m member) {
	writeText(b, m.name)
	b.WriteByte(':')
	writeValue(b, m.value)
}

// escapes are those of Ruby's generator and of ActiveSupport, which also hides what would
// end a script in HTML or a line in JavaScript.
var escapes = map[rune]string{
	'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`,
	'<': `\u003c`, '>': `\u003e`, '&': `\u0026`, '\u2028': `\u2028`, '\u2029': `\u2029`,
}

func writeText(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, char := range text {
		escape, escaped := escapes[char]
		switch {
		case escaped:
			b.WriteString(escape)
		case char < ' ':
			b.WriteString(`\u00`)
			b.WriteString(strconv.FormatInt(int64(char)+0x100, 16)[1:])
		default:
			b.WriteRune(char)
		}
	}
	b.WriteByte('"')
}

// number gives the text that Ruby writes for a number which it has read.
func number(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			return "0"
		}
		return text
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) {
		// Ruby reads infinity, for which JSON has no word.
		return "null"
	}
	return float(value)
}

// float is Ruby's Float#to_s.
func float(value float64) string {
	if value == 0 {
		if math.Signbit(value) {
			return "-0.0"
		}
		return "0.0"
	}
	exponential := strconv.FormatFloat(value, 'e', -1, 64)
	digits, power, _ := strings.Cut(exponential, "e")
	if exponent, _ := strconv.Atoi(power); exponent < -4 || exponent > 14 {
		return fraction(digits) + "e" + power
	}
	return fraction(strconv.FormatFloat(value, 'f', -1, 64))
}

func fraction(digits string) string {
	if strings.Contains(digits, ".") {
		return digits
	}
	return digits + ".0"
}

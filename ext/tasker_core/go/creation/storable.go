package creation

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CheckJSON checks whether a text is JSON that PostgreSQL's jsonb can store. It does not check the
// nesting.
func CheckJSON(name, text string) error {
	switch {
	case !utf8.ValidString(text):
		return &ValueError{name, "is not UTF-8"}
	case !json.Valid([]byte(text)):
		return &ValueError{name, "is not JSON"}
	}
	for rest := text; ; {
		at := strings.IndexByte(rest, '\\')
		if at < 0 {
			return nil
		}
		problem, length := escapeProblem(rest[at:])
		if problem != "" {
			return &ValueError{name, problem}
		}
		rest = rest[at+length:]
	}
}

// escapeProblem checks the escape at the start of a text, and returns its length.
func escapeProblem(text string) (problem string, length int) {
	if text[1] != 'u' {
		return "", 2
	}
	unit := codeUnit(text)
	switch {
	case unit == 0:
		return `has the character \u0000, which PostgreSQL cannot store`, 6
	case unit >= 0xd800 && unit < 0xdc00 && strings.HasPrefix(text[6:], `\u`):
		if second := codeUnit(text[6:]); second >= 0xdc00 && second < 0xe000 {
			return "", 12
		}
	}
	if unit >= 0xd800 && unit < 0xe000 {
		return "has half of a surrogate pair (" + text[:6] + "), which PostgreSQL cannot store", 6
	}
	return "", 6
}

// codeUnit reads the four digits behind \u, which valid JSON has.
func codeUnit(text string) uint64 {
	value, err := strconv.ParseUint(text[2:6], 16, 32)
	if err != nil {
		panic("creation: the text was not checked: " + err.Error())
	}
	return value
}

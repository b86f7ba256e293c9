package store

import "strconv"

// scanner reads a text from left to right and keeps the first error.
type scanner struct {
	text string
	at   int
	err  error
}

func (s *scanner) fail(want string) {
	s.keep(&FormatError{Want: want, Got: s.text[min(s.at, len(s.text)):]})
}

func (s *scanner) keep(err error) {
	if err != nil && s.err == nil {
		s.err = err
	}
}

// next tells whether a character is the next one.
func (s *scanner) next(char byte) bool { return s.at < len(s.text) && s.text[s.at] == char }

// accept goes past a character if it is the next one.
func (s *scanner) accept(char byte) bool {
	found := s.next(char)
	if found {
		s.at++
	}
	return found
}

func (s *scanner) expect(char byte) {
	if !s.accept(char) {
		s.fail(strconv.QuoteRune(rune(char)))
	}
}

// integer reads the digits that come next.
func (s *scanner) integer() int64 {
	start := s.at
	s.accept('-')
	for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
		s.at++
	}
	value, err := parseInt(s.text[start:s.at])
	s.keep(err)
	return value
}

// field reads a number behind a comma.
func (s *scanner) field() int64 {
	s.expect(',')
	return s.integer()
}

// micros reads an encode(timestamp_send(value), 'hex').
func (s *scanner) micros() int64 {
	end := min(s.at+16, len(s.text))
	value, err := Micros(s.text[s.at:end])
	s.keep(err)
	s.at = end
	return value
}

// array gives the array that comes next, an empty one where none does.
func (s *scanner) array() string {
	if !s.next('{') {
		return "{}"
	}
	quoted := false
	for end := s.at + 1; end < len(s.text); end++ {
		switch char := s.text[end]; {
		case char == '"':
			quoted = !quoted
		case char == '\\':
			end++
		case char == '}' && !quoted:
			array := s.text[s.at : end+1]
			s.at = end + 1
			return array
		}
	}
	s.fail("an array")
	return "{}"
}

func (s *scanner) ids() []int64     { return taken(s, ParseIDs) }
func (s *scanner) texts() []*string { return taken(s, ParseTexts) }

func taken[T any](s *scanner, parse func(*string) ([]T, error)) []T {
	array := s.array()
	values, err := parse(&array)
	s.keep(err)
	return values
}

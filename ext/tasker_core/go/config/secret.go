package config

// Secret is a string that must appear in no log and no error, such as a URL with a password. It
// prints as a placeholder in every form; Reveal returns the string.
type Secret string

const hidden = "[hidden]"

// Reveal gives the text itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the text from %v and %s.
func (Secret) String() string { return hidden }

// GoString hides the text from %#v.
func (Secret) GoString() string { return hidden }

// MarshalText hides the text from JSON and from loggers.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

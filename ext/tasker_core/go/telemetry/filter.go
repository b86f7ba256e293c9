package telemetry

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// filter hides values by their keys, by the rules of ActiveSupport::ParameterFilter: a
// text matches any key that contains it, whatever its case; a regular expression
// matches as it stands; one with an escaped dot, and a text with a dot, are compared
// with the whole path of a key (credit_card.number). Lists do not count in a path.
type filter struct {
	mask  string
	names []*regexp.Regexp
	paths []*regexp.Regexp
	// opaque tells that the host's filter hides more than this one.
	opaque bool
}

func newFilter(settings config.LogFilter) *filter {
	f := &filter{mask: settings.Mask, opaque: settings.Opaque}
	for _, text := range settings.Texts {
		f.add("(?i)"+regexp.QuoteMeta(text), strings.Contains(text, "."))
	}
	for _, source := range settings.Regexps {
		if _, err := regexp.Compile(source); err != nil {
			f.opaque = true
			continue
		}
		f.add(source, strings.Contains(source, `\.`))
	}
	return f
}

func (f *filter) add(source string, path bool) {
	if path {
		f.paths = append(f.paths, regexp.MustCompile(source))
		return
	}
	f.names = append(f.names, regexp.MustCompile(source))
}

func (f *filter) hides(key, path string) bool {
	for _, name := range f.names {
		if name.MatchString(key) {
			return true
		}
	}
	for _, whole := range f.paths {
		if whole.MatchString(path) {
			return true
		}
	}
	return false
}

// value gives what may leave of a value. Texts that are JSON are taken apart: that is
// how results and metadata cross.
func (f *filter) value(key, path string, value any) any {
	if f.hides(key, path) {
		return f.mask
	}
	switch v := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(v))
		for name, one := range v {
			kept[name] = f.value(name, path+"."+name, one)
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, one := range v {
			kept[i] = f.value(key, path, one)
		}
		return kept
	case []byte:
		return fmt.Sprintf("%d bytes", len(v))
	case string:
		return f.text(key, path, v)
	}
	return value
}

func (f *filter) text(key, path, text string) any {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return text
	}
	var parsed any
	if json.Unmarshal([]byte(text), &parsed) != nil {
		// Its keys are unknown.
		return fmt.Sprintf("%d characters", len(text))
	}
	return f.value(key, path, parsed)
}

func (f *filter) fields(fields []zapcore.Field) []zapcore.Field {
	kept := make([]zapcore.Field, len(fields))
	for i, field := range fields {
		switch {
		case f.hides(field.Key, field.Key):
			kept[i] = zap.String(field.Key, f.mask)
		case field.Type == zapcore.ReflectType:
			kept[i] = zap.Any(field.Key, f.value(field.Key, field.Key, field.Interface))
		default:
			kept[i] = field
		}
	}
	return kept
}

// filtered is a core whose fields have been filtered before anything leaves.
type filtered struct {
	zapcore.Core
	filter *filter
}

// With adds fields to every line.
func (c filtered) With(fields []zapcore.Field) zapcore.Core {
	return filtered{c.Core.With(c.filter.fields(fields)), c.filter}
}

// Check asks whether a line is to be written.
func (c filtered) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write writes a line.
func (c filtered) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	return c.Core.Write(entry, c.filter.fields(fields))
}

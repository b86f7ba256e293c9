package config_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// setting is one of settings.json.
type setting struct {
	Name, For, Type         string
	Default                 any
	Minimum, Above, Maximum *float64
	Values                  []string
}

// coreSettings are the settings that a core receives.
func coreSettings(t *testing.T) []setting {
	t.Helper()
	text, err := os.ReadFile("settings.json")
	require.NoError(t, err)
	var file struct{ Settings []setting }
	require.NoError(t, json.Unmarshal(text, &file))
	found := slices.DeleteFunc(file.Settings, func(s setting) bool { return s.For == "rails" })
	require.Greater(t, len(found), 15)
	return found
}

// fields are the settings of Config, by name.
func fields(of config.Config) map[string]reflect.Value {
	value, named := reflect.ValueOf(of), map[string]reflect.Value{}
	for _, field := range reflect.VisibleFields(value.Type()) {
		if name := field.Tag.Get("msgpack"); name != "" {
			named[name] = value.FieldByIndex(field.Index)
		}
	}
	return named
}

var kinds = map[string][]reflect.Kind{
	"boolean": {reflect.Bool}, "integer": {reflect.Int}, "number": {reflect.Float64, reflect.Pointer}, "text": {reflect.String},
	"secret": {reflect.String}, "choice": {reflect.String}, "destination": {reflect.String}, "texts": {reflect.Slice},
	"map": {reflect.Map, reflect.Struct},
}

func TestTheSettingsAreThoseOfTheContract(t *testing.T) {
	known := fields(config.Defaults())
	for _, s := range coreSettings(t) {
		value, ok := known[s.Name]
		if assert.True(t, ok, "there is no %s", s.Name) {
			assert.Contains(t, kinds[s.Type], value.Kind(), s.Name)
			assertDefault(t, s, value)
		}
		delete(known, s.Name)
	}
	assert.Empty(t, known, "settings.json lacks them")
}

func assertDefault(t *testing.T, s setting, value reflect.Value) {
	t.Helper()
	switch {
	case s.Type == "map": // a filter has a mask from the beginning
	case s.Default == nil:
		assert.True(t, value.IsZero(), "%s has a default", s.Name)
	default:
		promised, err := json.Marshal(s.Default)
		require.NoError(t, err)
		found, err := json.Marshal(value.Interface())
		require.NoError(t, err)
		assert.JSONEq(t, string(promised), string(found), s.Name)
	}
}

func TestASettingTakesWhatTheContractSays(t *testing.T) {
	for _, s := range coreSettings(t) {
		for _, value := range within(s) {
			_, err := decode(t, map[string]any{s.Name: value})
			assert.NoError(t, err, "%s = %v", s.Name, value)
		}
		for _, value := range beyond(s) {
			_, err := decode(t, map[string]any{s.Name: value})
			assert.ErrorContains(t, err, s.Name, "%s = %v", s.Name, value)
		}
	}
}

// within are the values of a choice, and the ends of a range.
func within(s setting) (values []any) {
	for _, value := range s.Values {
		values = append(values, value)
	}
	for _, end := range []*float64{s.Minimum, s.Maximum} {
		if end != nil {
			values = append(values, sized(s, *end))
		}
	}
	return values
}

// beyond are values of another type, and those outside of the bounds.
func beyond(s setting) (values []any) {
	if s.Type != "map" {
		values = append(values, map[string]any{"x": 1})
	}
	if len(s.Values) > 0 {
		values = append(values, "neither", "")
	}
	if s.Above != nil {
		values = append(values, sized(s, *s.Above))
	}
	if s.Minimum != nil {
		values = append(values, sized(s, *s.Minimum-1))
	}
	if s.Maximum != nil {
		values = append(values, sized(s, *s.Maximum+1))
	}
	return values
}

// sized is a number, or a text of so many bytes.
func sized(s setting, number float64) any {
	switch s.Type {
	case "integer":
		return int(number)
	case "text":
		return strings.Repeat("x", int(number))
	}
	return number
}

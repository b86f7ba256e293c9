// Package strict decodes msgpack maps into structs and says by name what does not fit.
package strict

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// Wanted is a type of a field that decodes itself, and says what it takes.
type Wanted interface{ Wanted() string }

// Decode reads a map into a struct. A name that the struct does not have is an error,
// and so is a value of another kind; both are named, and no value is repeated: it may
// be a secret. Bytes that are nested too deep are not decoded.
func Decode(data []byte, into any) error {
	if err := Whole(data, Around); err != nil {
		return err
	}
	err := decode(data, into)
	if err == nil {
		return nil
	}
	fields, decodeErr := decodeFields(data)
	if decodeErr != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if problem := misfit(name, fields[name], reflect.TypeOf(into).Elem()); problem != nil {
			return problem
		}
	}
	return err
}

func decode(data []byte, into any) error {
	d := msgpack.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields(true)
	return d.Decode(into)
}

// decodeFields takes a map apart. Decoded by the library, a value that is nil would have
// no bytes.
func decodeFields(data []byte) (map[string]msgpack.RawMessage, error) {
	d := msgpack.NewDecoder(bytes.NewReader(data))
	count, err := d.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	fields := make(map[string]msgpack.RawMessage)
	for range count {
		name, err := d.DecodeString()
		if err != nil {
			return nil, err
		}
		if fields[name], err = d.DecodeRaw(); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// misfit decodes one field alone, and tells what is wrong with it.
func misfit(name string, value msgpack.RawMessage, target reflect.Type) error {
	if len(value) == 0 {
		// So msgpack leaves nil.
		value = msgpack.RawMessage{msgpcode.Nil}
	}
	alone, err := msgpack.Marshal(map[string]msgpack.RawMessage{name: value})
	if err != nil {
		return err
	}
	err = decode(alone, reflect.New(target).Interface())
	if err == nil {
		return nil
	}
	field, known := fieldOf(target, name)
	if !known {
		return fmt.Errorf("there is no %s", cmp.Or(name, "name that is empty"))
	}
	given, wanted := given(value[0]), wanted(field.Type)
	switch {
	case !strings.HasPrefix(err.Error(), "msgpack: "):
		return fmt.Errorf("%s: %w", name, err)
	case given == wanted || wanted == "":
		return fmt.Errorf("what %s holds is of the wrong kind", name)
	}
	return fmt.Errorf("%s is %s; it must be %s", name, given, wanted)
}

func fieldOf(target reflect.Type, name string) (reflect.StructField, bool) {
	for _, field := range reflect.VisibleFields(target) {
		if tag, _, _ := strings.Cut(field.Tag.Get("msgpack"), ","); tag == name && name != "" {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

func wanted(field reflect.Type) string {
	if field == nil {
		return ""
	}
	if own, ok := reflect.New(field).Interface().(Wanted); ok {
		return own.Wanted()
	}
	switch field.Kind() {
	case reflect.Pointer:
		return wanted(field.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a map"
	}
	return ""
}

func given(code byte) string {
	switch {
	case code == msgpcode.Nil:
		return "nil"
	case code == msgpcode.False || code == msgpcode.True:
		return "true or false"
	case code == msgpcode.Float || code == msgpcode.Double:
		return "a number with a fraction"
	case msgpcode.IsString(code):
		return "a text"
	case msgpcode.IsBin(code):
		return "bytes"
	case msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32:
		return "a list"
	case msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32:
		return "a map"
	case msgpcode.IsFixedNum(code) || code >= msgpcode.Uint8 && code <= msgpcode.Int64:
		return "an integer"
	}
	return "something else"
}

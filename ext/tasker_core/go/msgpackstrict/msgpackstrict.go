// Package msgpackstrict decodes msgpack maps into structs and names the fields that do not fit.
package msgpackstrict

import (
	"bytes"
	"cmp"
	"errors"
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
	return cmp.Or(misfits(data, reflect.TypeOf(into).Elem()), err)
}

// misfits tells what is wrong with the first field, by name, that does not fit.
func misfits(data []byte, target reflect.Type) error {
	fields, err := decodeFields(data)
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if problem := misfit(name, fields[name], target); problem != nil {
			return problem
		}
	}
	return nil
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
		return unknown(name, target)
	}
	given, wanted := Given(value[0]), wanted(field.Type)
	if wanted == "a map" && given == wanted && field.Type.Kind() == reflect.Struct {
		if inside := misfits(value, field.Type); inside != nil {
			return fmt.Errorf("%s: %w", name, inside)
		}
	}
	switch {
	case !strings.HasPrefix(err.Error(), "msgpack: "):
		return fmt.Errorf("%s: %w", name, err)
	case given == wanted || wanted == "":
		return fmt.Errorf("%s contains a value of the wrong type", name)
	}
	return fmt.Errorf("%s is %s; it must be %s", name, given, wanted)
}

// unknown names what may have been meant, and all that there is where that is little.
func unknown(name string, target reflect.Type) error {
	if name == "" {
		return errors.New("a name is empty")
	}
	names := fieldNames(target)
	message := "unknown name " + name
	if meant := Nearest(name, names); meant != "" {
		message += "; did you mean " + meant + "?"
	} else if len(names) > 0 && len(names) <= fewNames {
		message += "; known: " + strings.Join(names, ", ")
	}
	return errors.New(message)
}

// fewNames are listed where one is not known.
const fewNames = 10

func fieldNames(target reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(target) {
		if tag, _, _ := strings.Cut(field.Tag.Get("msgpack"), ","); tag != "" && tag != "-" {
			names = append(names, tag)
		}
	}
	slices.Sort(names)
	return names
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
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a map"
	}
	return ""
}

// Given names the kind of a value by its first byte.
func Given(code byte) string {
	switch {
	case code == msgpcode.Nil:
		return "nil"
	case code == msgpcode.False || code == msgpcode.True:
		return "true or false"
	case code == msgpcode.Float || code == msgpcode.Double:
		return "a number with a fraction"
	case msgpcode.IsString(code):
		return "a string"
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

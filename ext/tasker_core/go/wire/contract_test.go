package wire

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

// contract is operations.json.
type contract struct {
	Errors     []contractError
	Arguments  map[string]contractArgument
	Rows       map[string]struct{ Columns orderedTypes }
	Tuples     map[string]struct{ Places orderedTypes }
	Operations []contractOperation
}

type contractError struct{ Code, From string }

type contractOperation struct {
	Name      string
	Writes    string
	Arguments []contractArgument
	Result    struct {
		Kind, Of string
		Optional bool
	}
	Errors []string
}

type contractArgument struct {
	Name, Type, Unit string
	Optional         bool
	Minimum, Maximum *int64
	Values           []any
	Default          any
}

// UnmarshalJSON reads an argument of its own, or the name of a shared one.
func (a *contractArgument) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		return json.Unmarshal(data, &a.Name)
	}
	type plain contractArgument
	return json.Unmarshal(data, (*plain)(a))
}

// orderedTypes are names with types, in the order of the file.
type orderedTypes [][2]string

// UnmarshalJSON keeps the order of the keys.
func (o *orderedTypes) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	var parts []string
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		if text, ok := token.(string); ok {
			parts = append(parts, text)
		}
	}
	for i := 0; i+1 < len(parts); i += 2 {
		*o = append(*o, [2]string{parts[i], parts[i+1]})
	}
	return nil
}

func readContract(t *testing.T) contract {
	t.Helper()
	text, err := os.ReadFile("operations.json")
	require.NoError(t, err)
	var c contract
	require.NoError(t, json.Unmarshal(text, &c))
	for _, o := range c.Operations {
		for i, a := range o.Arguments {
			if a.Type == "" {
				name, optional := strings.CutSuffix(a.Name, "?")
				o.Arguments[i] = c.Arguments[name]
				o.Arguments[i].Name, o.Arguments[i].Optional = name, optional
			}
		}
	}
	return c
}

// argumentNames are the names that a struct takes.
func argumentNames(arguments reflect.Type) []string {
	return slices.Sorted(maps.Keys(argumentTypes(arguments)))
}

// argumentTypes are the types that a struct takes, by name.
func argumentTypes(arguments reflect.Type) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(arguments) {
		if name, _, _ := strings.Cut(field.Tag.Get("msgpack"), ","); name != "" {
			types[name] = field.Type
		}
	}
	return types
}

// kindOf is the contract's word for a type of Go.
func kindOf(of reflect.Type) string {
	switch of {
	case reflect.TypeFor[id]():
		return "id"
	case reflect.TypeFor[idList]():
		return "ids"
	case reflect.TypeFor[text]():
		return "text"
	case reflect.TypeFor[[]string]():
		return "texts"
	case reflect.TypeFor[[]byte]():
		return "bytes"
	case reflect.TypeFor[msgpack.RawMessage]():
		return "any"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return kindOf(of.Elem())
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "list"
	case reflect.Map, reflect.Struct:
		return "map"
	}
	return of.String()
}

func TestTheOperationsAreThoseOfTheContract(t *testing.T) {
	var names []string
	for _, o := range readContract(t).Operations {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	assert.Equal(t, names, Operations())
}

func TestAnOperationTakesTheArgumentsOfTheContract(t *testing.T) {
	for _, o := range readContract(t).Operations {
		taken, promised := argumentTypes(operations[o.Name].arguments), map[string]string{}
		for _, a := range o.Arguments {
			promised[a.Name] = a.Type
			if of, ok := taken[a.Name]; ok && kindOf(of) == "any" {
				promised[a.Name] = "any"
			}
		}
		kinds := map[string]string{}
		for name, of := range taken {
			kinds[name] = kindOf(of)
		}
		assert.Equal(t, promised, kinds, o.Name)
	}
}

func TestTheDefaultsAreThoseOfTheContract(t *testing.T) {
	defaults := map[string]map[string]any{}
	for _, o := range readContract(t).Operations {
		defaults[o.Name] = map[string]any{}
		for _, a := range o.Arguments {
			defaults[o.Name][a.Name] = a.Default
		}
	}
	assert.EqualValues(t, event.DefaultCapacity, defaults["subscribe"]["capacity"])
	assert.EqualValues(t, event.DefaultMaxBytes, defaults["subscribe"]["max_bytes"])
	assert.EqualValues(t, event.DefaultMaxWait.Seconds(), defaults["subscribe"]["max_wait"])
	assert.Equal(t, string(queue.DropOldest), defaults["subscribe"]["when_full"])
	for name, value := range map[string]string{"namespace": creation.DefaultNamespace, "version": creation.DefaultVersion,
		"initiator": creation.Unknown, "source_system": creation.Unknown, "reason": creation.Unknown, "identity": string(creation.UUID)} {
		assert.Equal(t, value, defaults["create_task"][name], name)
	}
}

package wire

import (
	"slices"

	"github.com/jcoletaylor/tasker_core/go/event"
)

type eventDefinition struct {
	Name      string       `msgpack:"name"`
	Group     string       `msgpack:"group"`
	Meaning   string       `msgpack:"meaning"`
	Published bool         `msgpack:"published"`
	Fields    []eventField `msgpack:"fields"`
}

type eventField struct {
	Name     string `msgpack:"name"`
	Type     string `msgpack:"type"`
	Meaning  string `msgpack:"meaning"`
	Optional bool   `msgpack:"optional"`
}

// fieldTypes are the types that a field of a custom event can have.
var fieldTypes = []string{"any", "boolean", "integer", "integers", "map", "number", "string", "strings", "time"}

func eventCatalog(c call, _ struct{}) (any, error) {
	definitions := c.core.Catalog.Definitions()
	list := make([]eventDefinition, len(definitions))
	for i, d := range definitions {
		fields := make([]eventField, len(d.Fields))
		for j, f := range d.Fields {
			fields[j] = eventField(f)
		}
		list[i] = eventDefinition{Name: d.Name, Group: string(d.Group), Meaning: d.Meaning, Published: d.Published, Fields: fields}
	}
	return list, nil
}

type registerEventArguments struct {
	Name    text         `msgpack:"name"`
	Meaning text         `msgpack:"meaning"`
	Fields  []eventField `msgpack:"fields"`
}

func registerEvent(c call, a registerEventArguments) (any, error) {
	name, err := a.Name.of("name")
	if err != nil {
		return nil, err
	}
	meaning, err := a.Meaning.of("meaning")
	if err != nil {
		return nil, err
	}
	fields := make([]event.Field, len(a.Fields))
	for i, f := range a.Fields {
		if f.Name == "" || !slices.Contains(fieldTypes, f.Type) {
			return nil, Errorf(CodeInvalidArgument, "field %d of the event %q is %q of type %q; it needs a name and one of the types %v",
				i+1, name, f.Name, f.Type, fieldTypes)
		}
		fields[i] = event.Field(f)
	}
	return nil, c.core.Catalog.Register(name, meaning, fields)
}

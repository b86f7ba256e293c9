package event

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed catalog.json
var catalogJSON []byte

var source = mustParseSource(catalogJSON)

// Group tells where an event comes from.
type Group string

// The groups.
const (
	// Lifecycle events report the states of tasks and steps.
	Lifecycle Group = "lifecycle"
	// Export events tell of metrics that leave the application.
	Export Group = "export"
	// Registry events tell of handlers, plugins and subscribers.
	Registry Group = "registry"
	// CoreGroup events are the core's own.
	CoreGroup Group = "core"
	// Custom events are an application's, registered at run time.
	Custom Group = "custom"
)

// Field is a key of an event's payload.
type Field struct {
	Name string
	// Type is integer, number, string, boolean, time (ISO 8601 text outside of
	// Ruby), map, integers, strings or any.
	Type    string
	Meaning string
	// Optional fields may be null or absent.
	Optional bool
}

// Definition is what is known of an event before one is published.
type Definition struct {
	Name    string
	Group   Group
	Meaning string
	Fields  []Field
	// Published is false for names that the engine has but never publishes.
	Published bool
}

// Catalog holds the events of the engine and of the core, and those that
// applications register. It is safe for use by many goroutines.
type Catalog struct {
	mutex  sync.RWMutex
	custom map[string]Definition
}

// NewCatalog gives a catalogue without custom events.
func NewCatalog() *Catalog { return &Catalog{custom: map[string]Definition{}} }

// Lookup finds an event by its name.
func (c *Catalog) Lookup(name string) (Definition, bool) {
	if i, known := source.index[name]; known {
		return source.definitions[i], true
	}
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	definition, known := c.custom[name]
	return definition, known
}

var enginesNamespaces = []string{"task", "step", "workflow", "observability"}

// Unknown gives those of the names that are in a namespace of the engine's, where the
// engine has no such event: a typing error, most likely.
func (c *Catalog) Unknown(names []string) []string {
	var unknown []string
	for _, name := range names {
		namespace, _, _ := strings.Cut(name, ".")
		engines := slices.Contains(enginesNamespaces, namespace)
		if _, known := c.Lookup(name); engines && !known && !strings.Contains(name, "*") {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// Definitions lists every event: the built-in ones in the order of the source,
// then the custom ones by name.
func (c *Catalog) Definitions() []Definition {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	list := slices.Clone(source.definitions)
	for _, name := range slices.Sorted(maps.Keys(c.custom)) {
		list = append(list, c.custom[name])
	}
	return list
}

// Register adds a custom event. Registering the same definition again changes
// nothing; a name that cannot be had is a *NameError. The rules are those of the
// engine's CustomRegistry#validate_event_name!, and a form that every language can
// write.
func (c *Catalog) Register(name, meaning string, fields []Field) error {
	if err := checkName(name); err != nil {
		return err
	}
	definition := Definition{Name: name, Group: Custom, Meaning: meaning, Fields: fields, Published: true}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	before, known := c.custom[name]
	if known && (before.Meaning != meaning || !slices.Equal(before.Fields, fields)) {
		return &NameError{Name: name, Reason: "it is registered already, with another description or other fields"}
	}
	c.custom[name] = definition
	return nil
}

// NameError tells why an event cannot have a name.
type NameError struct {
	Name   string
	Reason string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%q cannot be registered as an event: %s", e.Name, e.Reason)
}

func checkName(name string) error {
	namespace, _, _ := strings.Cut(name, ".")
	reason := ""
	switch _, builtIn := source.index[name]; {
	case len(name) > source.LongestName:
		reason = fmt.Sprintf("it is longer than %d characters", source.LongestName)
	case !source.pattern.MatchString(name):
		reason = "it must be a namespace and a name, joined by a dot, of letters, digits, _ and -, such as order.fulfilled"
	case builtIn:
		reason = "it is one of the engine's events"
	case slices.Contains(source.ReservedNamespaces, strings.ToLower(namespace)):
		reason = fmt.Sprintf("the namespace %s is reserved", namespace)
	default:
		return nil
	}
	return &NameError{Name: name, Reason: reason}
}

// catalogSource is catalog.json with what is made of it once.
type catalogSource struct {
	NamePattern        string   `json:"name_pattern"`
	LongestName        int      `json:"longest_name"`
	ReservedNamespaces []string `json:"reserved_namespaces"`
	Fields             map[string]struct {
		Type    string `json:"type"`
		Meaning string `json:"meaning"`
	} `json:"fields"`
	Events []struct {
		Name        string   `json:"name"`
		Group       Group    `json:"group"`
		Meaning     string   `json:"meaning"`
		Fields      []string `json:"fields"`
		Unpublished bool     `json:"unpublished"`
	} `json:"events"`

	pattern     *regexp.Regexp
	definitions []Definition
	index       map[string]int
}

func mustParseSource(data []byte) catalogSource {
	var s catalogSource
	if err := json.Unmarshal(data, &s); err != nil {
		panic(fmt.Sprintf("event/catalog.json: %v", err))
	}
	s.pattern = regexp.MustCompile(`\A(?:` + s.NamePattern + `)\z`)
	s.index = make(map[string]int, len(s.Events))
	for i, e := range s.Events {
		definition := Definition{Name: e.Name, Group: e.Group, Meaning: e.Meaning, Published: !e.Unpublished}
		for _, text := range e.Fields {
			definition.Fields = append(definition.Fields, s.field(text))
		}
		s.definitions = append(s.definitions, definition)
		s.index[e.Name] = i
	}
	return s
}

// field reads a name of an event's list, where a question mark means optional.
func (s catalogSource) field(text string) Field {
	name, optional := strings.CutSuffix(text, "?")
	kind, known := s.Fields[name]
	if !known {
		panic(fmt.Sprintf("event/catalog.json: the field %q is not declared", name))
	}
	return Field{Name: name, Type: kind.Type, Meaning: kind.Meaning, Optional: optional}
}

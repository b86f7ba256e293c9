package event

import (
	"fmt"
	"slices"
	"strings"
)

// Filter says which events a subscription is about. Empty fields make no difference.
type Filter struct {
	// Names are exact names, prefixes followed by a star (step.*), or a star alone.
	Names     []string
	TaskID    int64
	Namespace string
	TaskName  string
	StepName  string
}

// matcher is a filter made ready: matching allocates nothing.
type matcher struct {
	Filter
	every    bool
	exact    map[string]struct{}
	prefixes []string
}

func (f Filter) compile() (*matcher, error) {
	if len(f.Names) == 0 {
		return nil, fmt.Errorf("no event is named; pass names such as step.completed, prefixes such as step.*, or *")
	}
	m := &matcher{Filter: f, exact: make(map[string]struct{})}
	for _, name := range f.Names {
		prefix, starred := strings.CutSuffix(name, "*")
		switch {
		case name == "" || strings.Contains(prefix, "*") || starred && prefix != "" && !strings.HasSuffix(prefix, "."):
			return nil, fmt.Errorf("%q names no events; * must stand alone, or after a dot at the end", name)
		case name == "*":
			m.every = true
		case starred:
			m.prefixes = append(m.prefixes, prefix)
		default:
			m.exact[name] = struct{}{}
		}
	}
	return m, nil
}

func (m *matcher) matches(e *Event) bool {
	return (m.TaskID == 0 || m.TaskID == e.TaskID) &&
		(m.Namespace == "" || m.Namespace == e.Namespace) &&
		(m.TaskName == "" || m.TaskName == e.TaskName) &&
		(m.StepName == "" || m.StepName == e.StepName) &&
		(m.every || m.named(e.Name))
}

func (m *matcher) named(name string) bool {
	if _, found := m.exact[name]; found {
		return true
	}
	return slices.ContainsFunc(m.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

package creation

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/jcoletaylor/tasker_core/go/dag"
)

// What the engine's columns hold, in characters, and how many steps a task may have: more
// is likelier a mistake than a need.
const (
	longestName    = 64
	longestVersion = 16
	longestText    = 128
	mostSteps      = 100_000
)

// version is what the engine's validation takes.
var version = regexp.MustCompile(`\A[0-9]+\.[0-9]+\.[0-9]+\z`)

// ValueError says which argument has a value that it cannot have.
type ValueError struct {
	// Argument is a path, such as steps[2].name.
	Argument string
	Problem  string
}

func (e *ValueError) Error() string { return e.Argument + " " + e.Problem }

// CircleError reports that the dependencies form a cycle, so that none of its steps could ever run.
type CircleError struct {
	// Path are their names in the direction of the edges; the first is also the last.
	Path []string
}

// shownSteps is how many steps of a circle a message names; Path has them all.
const shownSteps = 12

func (e *CircleError) Error() string {
	shown, more := e.Path, ""
	if len(shown) > shownSteps+1 {
		shown, more = shown[:shownSteps], fmt.Sprintf(" -> ... (%d more)", len(e.Path)-shownSteps)
	}
	return "the dependencies would form a cycle: " + strings.Join(shown, " -> ") + more +
		"; remove one of these dependencies"
}

// Check names the first invalid value of a task; for a valid task it returns the edges in the order
// of the steps and of their dependencies.
func (t Task) Check() ([]Edge, error) {
	if err := t.checkValues(); err != nil {
		return nil, err
	}
	places, err := t.places()
	if err != nil {
		return nil, err
	}
	edges, err := t.edges(places)
	if err != nil {
		return nil, err
	}
	return edges, t.checkCircles(edges)
}

func (t Task) checkValues() error {
	for _, value := range []struct {
		name, text string
		longest    int
		blank      bool
	}{
		{"namespace", t.Namespace, longestName, false}, {"name", t.Name, longestName, false},
		{"version", t.Version, longestVersion, false}, {"initiator", t.Initiator, longestText, true},
		{"source_system", t.SourceSystem, longestText, true}, {"reason", t.Reason, longestText, true},
	} {
		if err := checkText(value.name, value.text, value.longest, value.blank); err != nil {
			return err
		}
	}
	if !version.MatchString(t.Version) {
		return &ValueError{"version", fmt.Sprintf("is %q; it must be three numbers, such as %q", t.Version, DefaultVersion)}
	}
	if err := checkContext(t.Context); err != nil {
		return err
	}
	if err := checkTexts("tags", t.Tags); err != nil {
		return err
	}
	if err := checkTexts("bypass_steps", t.BypassSteps); err != nil {
		return err
	}
	return t.Identity.check()
}

func checkTexts(name string, texts []string) error {
	for i, text := range texts {
		if err := checkText(fmt.Sprintf("%s[%d]", name, i), text, math.MaxInt, true); err != nil {
			return err
		}
	}
	return nil
}

func checkText(name, text string, longest int, blank bool) error {
	switch {
	case !utf8.ValidString(text):
		return &ValueError{name, "is not UTF-8"}
	case strings.Contains(text, "\x00"):
		return &ValueError{name, "has a zero byte, which PostgreSQL cannot store"}
	case !blank && strings.TrimSpace(text) == "":
		return &ValueError{name, "is missing or blank; it must be a string"}
	case utf8.RuneCountInString(text) > longest:
		return &ValueError{name, fmt.Sprintf("has %d characters; it may have %d at most", utf8.RuneCountInString(text), longest)}
	}
	return nil
}

// checkContext also refuses an empty context: the engine could no longer save the task.
func checkContext(text string) error {
	if err := CheckJSON("context", text); err != nil {
		return err
	}
	members, isObject := decode(text).(object)
	if !isObject {
		return &ValueError{"context", "is not a JSON object"}
	}
	if len(members) == 0 {
		return &ValueError{"context", "is empty; the engine accepts no task without a context, so it needs at least one member"}
	}
	return nil
}

// places gives the place of each step by its name.
func (t Task) places() (map[string]int, error) {
	if len(t.Steps) == 0 || len(t.Steps) > mostSteps {
		return nil, &ValueError{"steps", fmt.Sprintf("has %d steps; a task has from 1 to %d", len(t.Steps), mostSteps)}
	}
	places := make(map[string]int, len(t.Steps))
	for i, step := range t.Steps {
		if err := step.check(fmt.Sprintf("steps[%d]", i)); err != nil {
			return nil, err
		}
		if first, doubled := places[step.Name]; doubled {
			return nil, &ValueError{fmt.Sprintf("steps[%d].name", i),
				fmt.Sprintf("is %q, like steps[%d]; each step of a task needs its own name", step.Name, first)}
		}
		places[step.Name] = i
	}
	return places, nil
}

func (s Step) check(at string) error {
	if err := checkText(at+".name", s.Name, longestText, false); err != nil {
		return err
	}
	if err := checkText(at+".dependent_system", s.System, longestName, false); err != nil {
		return err
	}
	if s.RetryLimit < 0 || s.RetryLimit > math.MaxInt32 {
		return &ValueError{at + ".retry_limit", fmt.Sprintf("is %d; it must be from 0 to %d", s.RetryLimit, math.MaxInt32)}
	}
	if s.Inputs == nil {
		return nil
	}
	return CheckJSON(at+".inputs", *s.Inputs)
}

func (t Task) edges(places map[string]int) ([]Edge, error) {
	var edges []Edge
	for to, step := range t.Steps {
		seen := make(map[int]bool, len(step.DependsOn))
		for _, name := range step.DependsOn {
			from, known := places[name]
			if !known {
				return nil, &ValueError{fmt.Sprintf("steps[%d].depends_on", to),
					fmt.Sprintf("of the step %q has %q, which is not among the steps; add that step, or correct the name", step.Name, name)}
			}
			if !seen[from] {
				seen[from] = true
				edges = append(edges, Edge{From: int64(from), To: int64(to)})
			}
		}
	}
	return edges, nil
}

func (t Task) checkCircles(edges []Edge) error {
	ids, links := make([]int64, len(t.Steps)), make([]dag.Edge, len(edges))
	for i := range ids {
		ids[i] = int64(i)
	}
	for i, edge := range edges {
		links[i] = dag.Edge{From: edge.From, To: edge.To}
	}
	graph, err := dag.Compile(ids, links)
	if err != nil {
		return err
	}
	circle := graph.Cycle()
	if circle == nil {
		return nil
	}
	path := make([]string, len(circle.Path))
	for i, place := range circle.Path {
		path[i] = t.Steps[place].Name
	}
	return &CircleError{Path: path}
}

package analysis

import (
	"fmt"
	"slices"
)

// Template is a step of a task handler: its name and the names of the steps that
// it depends on.
type Template struct {
	Name         string
	Dependencies []string
}

// TemplateGraph is what the engine's TemplateGraphAnalyzer#analyze says of a task
// handler before anything runs.
type TemplateGraph struct {
	// Topology is empty where there is a circle.
	Topology []string
	// Cycles are paths against the edges, each ending where the cycle closes. As in the engine, a step
	// that is found after the first cycle and leads into it is reported as a separate path.
	Cycles [][]string
	// Levels has a level for each name of Topology.
	Levels  []int
	Roots   []string
	Leaves  []string
	Summary TemplateSummary
}

// TemplateSummary counts.
type TemplateSummary struct {
	TotalSteps        int  `msgpack:"total_steps"`
	TotalDependencies int  `msgpack:"total_dependencies"`
	HasCycles         bool `msgpack:"has_cycles"`
	MaxDepth          int  `msgpack:"max_depth"`
	ParallelBranches  int  `msgpack:"parallel_branches"`
}

// UnknownDependencyError says that a step depends on one that the task handler
// does not have.
type UnknownDependencyError struct {
	Step       string
	Dependency string
}

func (e *UnknownDependencyError) Error() string {
	return fmt.Sprintf("the step %q depends on %q, which is not among the steps; add that step, or correct the name",
		e.Step, e.Dependency)
}

// AnalyzeTemplates analyzes the steps of a task handler, in linear time. Of steps
// with one name the last one's dependencies count, as in the engine. A name that
// no step has is an *UnknownDependencyError.
func AnalyzeTemplates(steps []Template) (*TemplateGraph, error) {
	t := newTemplates(steps)
	if err := t.link(); err != nil {
		return nil, err
	}
	g := &TemplateGraph{Cycles: t.cycles(), Topology: []string{}, Levels: []int{}, Roots: []string{}, Leaves: []string{}}
	if len(g.Cycles) == 0 {
		t.sort(g)
	}
	for step, dependencies := range t.dependencies {
		if len(dependencies) == 0 {
			g.Roots = append(g.Roots, t.names[step])
		}
	}
	needed := make([]bool, len(t.names))
	for _, step := range steps {
		for _, name := range step.Dependencies {
			needed[t.index[name]] = true
		}
	}
	for _, step := range steps {
		g.Summary.TotalDependencies += len(step.Dependencies)
		if !needed[t.index[step.Name]] {
			g.Leaves = append(g.Leaves, step.Name)
		}
	}
	g.summarize(len(steps))
	return g, nil
}

func (g *TemplateGraph) summarize(steps int) {
	g.Summary.TotalSteps = steps
	g.Summary.HasCycles = len(g.Cycles) > 0
	g.Summary.ParallelBranches = 1
	at := make(map[int]int)
	for _, level := range g.Levels {
		at[level]++
		g.Summary.MaxDepth = max(g.Summary.MaxDepth, level)
		g.Summary.ParallelBranches = max(g.Summary.ParallelBranches, at[level])
	}
}

// templates are the steps by name, in the order in which names appear first.
type templates struct {
	given        []Template
	names        []string
	index        map[string]int
	dependencies [][]int
}

func newTemplates(steps []Template) *templates {
	t := &templates{given: steps, index: make(map[string]int, len(steps))}
	for _, step := range steps {
		if _, known := t.index[step.Name]; !known {
			t.index[step.Name] = len(t.names)
			t.names = append(t.names, step.Name)
		}
	}
	t.dependencies = make([][]int, len(t.names))
	return t
}

func (t *templates) link() error {
	for _, step := range t.given {
		list := make([]int, len(step.Dependencies))
		for i, name := range step.Dependencies {
			at, known := t.index[name]
			if !known {
				return &UnknownDependencyError{Step: step.Name, Dependency: name}
			}
			list[i] = at
		}
		t.dependencies[t.index[step.Name]] = list
	}
	return nil
}

// cycles searches from each step as the engine does. It stops a search at the
// first circle and leaves the steps of that search marked as being on the way.
func (t *templates) cycles() [][]string {
	found := [][]string{}
	s := search{templates: t, visited: make([]bool, len(t.names)), onWay: make([]bool, len(t.names))}
	for step := range t.names {
		if !s.visited[step] {
			if cycle := s.from(step); cycle != nil {
				found = append(found, cycle)
			}
		}
	}
	return found
}

type search struct {
	templates *templates
	visited   []bool
	onWay     []bool
	way       []templatePlace
}

type templatePlace struct {
	step int
	next int
}

func (s *search) enter(step int) {
	s.visited[step], s.onWay[step] = true, true
	s.way = append(s.way, templatePlace{step: step})
}

func (s *search) from(step int) []string {
	s.way = s.way[:0]
	s.enter(step)
	for len(s.way) > 0 {
		top := &s.way[len(s.way)-1]
		dependencies := s.templates.dependencies[top.step]
		if top.next == len(dependencies) {
			s.onWay[top.step] = false
			s.way = s.way[:len(s.way)-1]
			continue
		}
		dependency := dependencies[top.next]
		top.next++
		switch {
		case s.onWay[dependency]:
			return s.closed(dependency)
		case !s.visited[dependency]:
			s.enter(dependency)
		}
	}
	return nil
}

// closed gives the way from the step that was met again, or all of it where that
// step is marked from an earlier search.
func (s *search) closed(met int) []string {
	start := max(slices.IndexFunc(s.way, func(p templatePlace) bool { return p.step == met }), 0)
	var path []string
	for _, p := range s.way[start:] {
		path = append(path, s.templates.names[p.step])
	}
	return append(path, s.templates.names[met])
}

// sort fills in topology and levels: first the steps that depend on nothing, then
// each as soon as its last dependency is done.
func (t *templates) sort(g *TemplateGraph) {
	waiting := make([]int, len(t.names))
	dependents := make([][]int, len(t.names))
	var queue []int
	for step, dependencies := range t.dependencies {
		waiting[step] = len(dependencies)
		for _, dependency := range dependencies {
			dependents[dependency] = append(dependents[dependency], step)
		}
		if len(dependencies) == 0 {
			queue = append(queue, step)
		}
	}
	levels := make([]int, len(t.names))
	for at := 0; at < len(queue); at++ {
		step := queue[at]
		g.Topology = append(g.Topology, t.names[step])
		g.Levels = append(g.Levels, levels[step])
		for _, dependent := range dependents[step] {
			levels[dependent] = max(levels[dependent], levels[step]+1)
			if waiting[dependent]--; waiting[dependent] == 0 {
				queue = append(queue, dependent)
			}
		}
	}
}

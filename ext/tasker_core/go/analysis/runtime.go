package analysis

import (
	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// Input is a task as one statement saw it.
type Input struct {
	// Graph has the task's steps and the edges into them.
	Graph *dag.Graph
	// Steps are judged, in the order of the graph's nodes.
	Steps []readiness.Status
	Task  readiness.Context
	// Now is the clock that the steps were judged with, microseconds.
	Now     int64
	Weights Weights
}

// Runtime is the analysis of a task, in the engine's words.
type Runtime struct {
	Graph         Graph         `msgpack:"dependency_graph"`
	CriticalPaths CriticalPaths `msgpack:"critical_paths"`
	Parallelism   Parallelism   `msgpack:"parallelism_opportunities"`
	ErrorChains   ErrorChains   `msgpack:"error_chains"`
	Bottlenecks   Bottlenecks   `msgpack:"bottlenecks"`
	GeneratedAt   int64         `msgpack:"generated_at"` // microseconds
	TaskID        int64         `msgpack:"task_id"`
}

// Analyze replaces the engine's RuntimeGraphAnalyzer#analyze. It returns a *dag.CycleError if the
// dependencies form a cycle.
func Analyze(in Input) (*Runtime, error) {
	a := &analyzer{Input: in, graph: in.Graph}
	graph, err := a.describeGraph()
	if err != nil {
		return nil, err
	}
	paths, err := a.criticalPaths()
	if err != nil {
		return nil, err
	}
	bottlenecks, err := a.bottlenecks()
	if err != nil {
		return nil, err
	}
	return &Runtime{
		Graph:         graph,
		CriticalPaths: paths,
		Parallelism:   a.parallelism(graph.Levels),
		ErrorChains:   a.errorChains(),
		Bottlenecks:   bottlenecks,
		GeneratedAt:   in.Now,
		TaskID:        in.Task.TaskID,
	}, nil
}

type analyzer struct {
	Input
	graph *dag.Graph
}

// children gives the children of a step within the task.
func (a *analyzer) children(node int32) []int32 {
	all := a.graph.Children(node)
	for _, child := range all {
		if a.graph.IsForeign(child) {
			return a.withoutForeign(all)
		}
	}
	return all
}

// parents gives the parents of a step within the task.
func (a *analyzer) parents(node int32) []int32 {
	all := a.graph.Parents(node)
	for _, parent := range all {
		if a.graph.IsForeign(parent) {
			return a.withoutForeign(all)
		}
	}
	return all
}

func (a *analyzer) withoutForeign(nodes []int32) []int32 {
	own := make([]int32, 0, len(nodes))
	for _, node := range nodes {
		if !a.graph.IsForeign(node) {
			own = append(own, node)
		}
	}
	return own
}

func (a *analyzer) ids(nodes []int32) []int64 {
	ids := make([]int64, len(nodes))
	for i, node := range nodes {
		ids[i] = a.graph.ID(node)
	}
	return ids
}

func failed(s *readiness.Status) bool { return s.CurrentState == lifecycle.Error }

func completed(s *readiness.Status) bool { return lifecycle.Satisfied(s.CurrentState) }

func attempts(s *readiness.Status) int64 { return int64(s.Attempts.Or(0)) }

func exhausted(s *readiness.Status) bool { return attempts(s) >= int64(s.RetryLimit) }

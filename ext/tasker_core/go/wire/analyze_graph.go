package wire

import (
	"errors"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/jcoletaylor/tasker_core/go/analysis"
	"github.com/jcoletaylor/tasker_core/go/operation"
)

type analyzeArguments struct {
	TaskID id `msgpack:"task_id"`
	// Weights are the engine's config.dependency_graph; what is missing has the
	// engine's default.
	Weights msgpack.RawMessage `msgpack:"weights"`
	rules
}

func (a analyzeArguments) weights() (analysis.Weights, error) {
	weights := analysis.DefaultWeights()
	if len(a.Weights) == 0 || a.Weights[0] == msgpcode.Nil {
		return weights, nil
	}
	if err := decodeArguments(a.Weights, &weights); err != nil {
		return weights, err
	}
	if err := weights.Check(); err != nil {
		return weights, Errorf(CodeInvalidArgument, "%v", err)
	}
	return weights, nil
}

// runtimeAnalysis is an analysis on the wire: the same maps in maps, with the
// graph's lists by step id.
type runtimeAnalysis struct {
	Graph         graphAnalysis          `msgpack:"dependency_graph"`
	CriticalPaths analysis.CriticalPaths `msgpack:"critical_paths"`
	Parallelism   analysis.Parallelism   `msgpack:"parallelism_opportunities"`
	ErrorChains   analysis.ErrorChains   `msgpack:"error_chains"`
	Bottlenecks   analysis.Bottlenecks   `msgpack:"bottlenecks"`
	GeneratedAt   int64                  `msgpack:"generated_at"`
	TaskID        int64                  `msgpack:"task_id"`
}

type graphAnalysis struct {
	Nodes    []analysis.Node `msgpack:"nodes"`
	Edges    []analysis.Edge `msgpack:"edges"`
	Children orderedMap      `msgpack:"adjacency_list"`
	Parents  orderedMap      `msgpack:"reverse_adjacency_list"`
	Levels   orderedMap      `msgpack:"dependency_levels"`
}

// orderedMap is a map whose keys keep their order on the wire.
type orderedMap struct {
	length int
	entry  func(i int) (key, value any)
}

// EncodeMsgpack writes the map.
func (m orderedMap) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMapLen(m.length); err != nil {
		return err
	}
	for i := range m.length {
		if err := e.EncodeMulti(m.entry(i)); err != nil {
			return err
		}
	}
	return nil
}

func analyzeGraph(c call, a analyzeArguments) (any, error) {
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	weights, err := a.weights()
	if err != nil {
		return nil, err
	}
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	found, err := operation.AnalyzeGraph(c.ctx, c.driver, version, taskID, weights)
	if err != nil || found == nil {
		return nil, err
	}
	return runtimeAnalysis{
		Graph:         describeGraph(&found.Graph),
		CriticalPaths: found.CriticalPaths, Parallelism: found.Parallelism, ErrorChains: found.ErrorChains,
		Bottlenecks: found.Bottlenecks, GeneratedAt: found.GeneratedAt, TaskID: found.TaskID,
	}, nil
}

func describeGraph(g *analysis.Graph) graphAnalysis {
	lists := func(values [][]int64) orderedMap {
		return orderedMap{len(g.Nodes), func(i int) (any, any) { return g.Nodes[i].ID, values[i] }}
	}
	return graphAnalysis{
		Nodes: g.Nodes, Edges: g.Edges, Children: lists(g.Children), Parents: lists(g.Parents),
		Levels: orderedMap{len(g.Levels), func(i int) (any, any) { return g.Levels[i].StepID, g.Levels[i].Level }},
	}
}

type templateArguments struct {
	// Steps are [name, names of the steps that it depends on], in order.
	Steps []stepTemplate `msgpack:"steps"`
}

type stepTemplate struct {
	_msgpack     struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Name         string
	Dependencies []string
}

func analyzeTemplates(_ call, a templateArguments) (any, error) {
	if a.Steps == nil {
		return nil, Errorf(CodeInvalidArgument, "steps is missing; it must be a list of names, each with its parents")
	}
	if len(a.Steps) > maxIDs {
		return nil, Errorf(CodeInvalidArgument, "steps has %d entries; at most %d are accepted", len(a.Steps), maxIDs)
	}
	steps := make([]analysis.Template, len(a.Steps))
	for i, step := range a.Steps {
		steps[i] = analysis.Template{Name: step.Name, Dependencies: step.Dependencies}
	}
	g, err := analysis.AnalyzeTemplates(steps)
	var unknown *analysis.UnknownDependencyError
	if errors.As(err, &unknown) {
		return nil, Errorf(CodeInvalidArgument, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	return struct {
		Topology []string                 `msgpack:"topology"`
		Cycles   [][]string               `msgpack:"cycles"`
		Levels   orderedMap               `msgpack:"levels"`
		Roots    []string                 `msgpack:"roots"`
		Leaves   []string                 `msgpack:"leaves"`
		Summary  analysis.TemplateSummary `msgpack:"summary"`
	}{
		g.Topology, g.Cycles,
		orderedMap{len(g.Topology), func(i int) (any, any) { return g.Topology[i], g.Levels[i] }},
		g.Roots, g.Leaves, g.Summary,
	}, nil
}

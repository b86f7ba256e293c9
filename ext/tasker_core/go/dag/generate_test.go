package dag_test

import (
	"slices"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"pgregory.net/rapid"
)

// topology is what a test hands to Compile, before it is shuffled.
type topology struct {
	ids     []int64
	foreign []int64
	edges   []dag.Edge
}

// drawTopology makes steps with gaps between their ids, edges among them without
// a cycle (some of them twice), and steps of another task with edges in and out.
func drawTopology(t *rapid.T) topology {
	drawn := rapid.SliceOfNDistinct(rapid.Int64Range(-50, 200), 0, 30, rapid.ID).Draw(t, "ids")
	own := rapid.IntRange(0, len(drawn)).Draw(t, "own")
	if own == 0 {
		own = len(drawn)
	}
	top := topology{ids: drawn[:own], foreign: drawn[own:]}
	if len(drawn) > 1 {
		for range rapid.IntRange(0, 3*len(drawn)).Draw(t, "edges") {
			top.edges = append(top.edges, drawEdge(t, drawn, own))
		}
	}
	if len(top.edges) > 0 && rapid.Bool().Draw(t, "duplicate") {
		top.edges = append(top.edges, rapid.SampledFrom(top.edges).Draw(t, "twice"))
	}
	return top
}

// drawEdge leads from an earlier to a later step; where one end is foreign, in
// either direction.
func drawEdge(t *rapid.T, ids []int64, own int) dag.Edge {
	from := rapid.IntRange(0, len(ids)-1).Draw(t, "from")
	to := rapid.IntRange(0, len(ids)-1).Draw(t, "to")
	if from == to {
		to = (to + 1) % len(ids)
	}
	if from > to && from < own {
		from, to = to, from
	}
	return dag.Edge{From: ids[from], To: ids[to]}
}

func (top topology) compile(t *rapid.T) *dag.Graph {
	graph, err := dag.Compile(top.ids, top.edges)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return graph
}

func (top topology) shuffled(t *rapid.T) topology {
	return topology{
		ids:   rapid.Permutation(top.ids).Draw(t, "shuffled ids"),
		edges: rapid.Permutation(top.edges).Draw(t, "shuffled edges"),
	}
}

// roots are the given steps that no edge leads to.
func (top topology) roots(among []int64) map[int64]bool {
	roots := map[int64]bool{}
	for _, id := range among {
		if !slices.ContainsFunc(top.edges, func(e dag.Edge) bool { return e.To == id }) {
			roots[id] = true
		}
	}
	return roots
}

// next gives all targets of edges that begin in the frontier and end in within.
func (top topology) next(frontier map[int64]bool, within []int64) map[int64]bool {
	reached := map[int64]bool{}
	for _, e := range top.edges {
		if frontier[e.From] && slices.Contains(within, e.To) {
			reached[e.To] = true
		}
	}
	return reached
}

// naiveLevels plays the recursion of calculate_dependency_levels, level by level.
func (top topology) naiveLevels() map[int64]int32 {
	levels := map[int64]int32{}
	frontier := top.roots(top.ids)
	for level := int32(0); len(frontier) > 0; level++ {
		for id := range frontier {
			levels[id] = level
		}
		frontier = top.next(frontier, top.ids)
	}
	return levels
}

// naiveDepths plays the recursion of the view, which ends at 50.
func (top topology) naiveDepths() map[int64]int32 {
	all := slices.Concat(top.ids, top.foreign)
	depths := map[int64]int32{}
	frontier := top.roots(all)
	for depth := int32(0); depth <= 50; depth++ {
		for id := range frontier {
			if _, known := depths[id]; !known {
				depths[id] = depth
			}
		}
		frontier = top.next(frontier, all)
	}
	return depths
}

// chain is a line of n steps with the ids 1 to n.
func chain(n int) ([]int64, []dag.Edge) {
	ids := make([]int64, n)
	edges := make([]dag.Edge, 0, n)
	for i := range ids {
		ids[i] = int64(i + 1)
		if i > 0 {
			edges = append(edges, dag.Edge{From: int64(i), To: int64(i + 1)})
		}
	}
	return ids, edges
}

// layers is width steps in each of n/width layers, each with three parents in
// the layer above.
func layers(n, width int) ([]int64, []dag.Edge) {
	ids := make([]int64, n)
	var edges []dag.Edge
	for i := range ids {
		ids[i] = int64(i + 1)
		for k := 0; i >= width && k < 3; k++ {
			parent := (i/width-1)*width + (i+k*7)%width
			edges = append(edges, dag.Edge{From: int64(parent + 1), To: ids[i]})
		}
	}
	return ids, edges
}

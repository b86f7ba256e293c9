package dag

import (
	"fmt"
	"math"
	"slices"
)

// Compile builds the graph of a task from the ids of its steps and all edges
// that touch them, both in any order. Edges between two foreign steps are
// accepted too, so that the ancestors of foreign parents can be given.
//
// It fails when a step id is given twice, or when there are more than 2^31-1
// nodes or edges. A cycle is no failure of Compile: the methods that need an
// order return it (see CycleError).
func Compile(ids []int64, edges []Edge) (*Graph, error) {
	own := slices.Clone(ids)
	slices.Sort(own)
	if err := checkUnique(own); err != nil {
		return nil, err
	}
	g := &Graph{own: len(own), ids: append(own, foreignIDs(own, edges)...)}
	if len(g.ids) > math.MaxInt32-1 || len(edges) > math.MaxInt32 {
		return nil, fmt.Errorf("dag: %d steps and %d edges are more than one graph can hold (%d each)",
			len(g.ids), len(edges), math.MaxInt32-1)
	}
	g.link(edges)
	g.sortTopologically()
	return g, nil
}

func checkUnique(sorted []int64) error {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return fmt.Errorf("dag: step %d was given twice; give each step of the task once", sorted[i])
		}
	}
	return nil
}

// foreignIDs gives the ids that only edges mention, sorted and each once.
func foreignIDs(own []int64, edges []Edge) []int64 {
	var foreign []int64
	for _, edge := range edges {
		for _, id := range [2]int64{edge.From, edge.To} {
			if _, found := locate(own, id); !found {
				foreign = append(foreign, id)
			}
		}
	}
	slices.Sort(foreign)
	return slices.Compact(foreign)
}

// locate finds an id among sorted ones. Steps of a task are mostly numbered
// without gaps, so the distance from the first id is tried before searching.
func locate(sorted []int64, id int64) (int32, bool) {
	if len(sorted) == 0 || id < sorted[0] || id > sorted[len(sorted)-1] {
		return 0, false
	}
	// Ids may lie further apart than an int64 can say; as uint64 the distance is exact.
	if guess := uint64(id) - uint64(sorted[0]); guess < uint64(len(sorted)) && sorted[guess] == id {
		return int32(guess), true
	}
	at, found := slices.BinarySearch(sorted, id)
	return int32(at), found
}

// link fills parents and children. Turning the lists around in the order of the
// ids leaves the turned lists sorted by id, without comparing anything.
func (g *Graph) link(edges []Edge) {
	byID := g.nodesByID()
	unsorted := g.gatherParents(edges)
	g.children = unsorted.turned(byID)
	g.parents = g.children.turned(byID)
}

func (g *Graph) gatherParents(edges []Edge) adjacency {
	from, to := make([]int32, len(edges)), make([]int32, len(edges))
	for i, edge := range edges {
		from[i], _ = g.Index(edge.From)
		to[i], _ = g.Index(edge.To)
	}
	a := newAdjacency(len(g.ids), to)
	fill := slices.Clone(a.start)
	for i, child := range to {
		a.list[fill[child]] = from[i]
		fill[child]++
	}
	return a
}

// nodesByID gives all nodes, own and foreign, in the order of their ids.
func (g *Graph) nodesByID() []int32 {
	nodes := make([]int32, 0, len(g.ids))
	own, foreign := 0, g.own
	for own < g.own || foreign < len(g.ids) {
		if foreign == len(g.ids) || (own < g.own && g.ids[own] < g.ids[foreign]) {
			nodes = append(nodes, int32(own))
			own++
		} else {
			nodes = append(nodes, int32(foreign))
			foreign++
		}
	}
	return nodes
}

// newAdjacency makes room for one entry at each mention of a node.
func newAdjacency(nodes int, mentions []int32) adjacency {
	start := make([]int32, nodes+1)
	for _, node := range mentions {
		start[node+1]++
	}
	for node := range nodes {
		start[node+1] += start[node]
	}
	return adjacency{start: start, list: make([]int32, len(mentions))}
}

// turned makes lists of children from lists of parents, and the other way
// round. Each new list has its entries in the given order of the nodes.
func (a adjacency) turned(order []int32) adjacency {
	out := newAdjacency(len(order), a.list)
	fill := slices.Clone(out.start)
	for _, node := range order {
		for _, neighbour := range a.of(node) {
			out.list[fill[neighbour]] = node
			fill[neighbour]++
		}
	}
	return out
}

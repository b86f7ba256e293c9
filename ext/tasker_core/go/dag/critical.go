package dag

import (
	"fmt"
	"math"
	"slices"
)

// CriticalPath gives the heaviest chain of steps of the task and its weight,
// where weights has one non-negative number for each step by index (durations
// in microseconds, say). Of equally heavy chains the one whose last step, and
// then each step before it, has the smallest id is taken. Edges from other tasks
// do not lengthen a chain. The weight stops at the largest int64.
//
// It returns a *CycleError on a cyclic graph, and an error when weights do not
// fit. A task without steps has an empty path.
func (g *Graph) CriticalPath(weights []int64) (path []int32, weight int64, err error) {
	if g.cycle != nil {
		return nil, 0, g.cycle
	}
	if err := g.checkWeights(weights); err != nil {
		return nil, 0, err
	}
	totals, before := g.heaviestChains(weights)
	last := heaviestEnd(g, totals)
	if last < 0 {
		return nil, 0, nil
	}
	for node := last; node >= 0; node = before[node] {
		path = append(path, node)
	}
	slices.Reverse(path)
	return path, totals[last], nil
}

func (g *Graph) checkWeights(weights []int64) error {
	if len(weights) != g.own {
		return fmt.Errorf("dag: %d weights were given for %d steps; give one for each step", len(weights), g.own)
	}
	for node, weight := range weights {
		if weight < 0 {
			return fmt.Errorf("dag: step %d has the negative weight %d; a critical path needs weights from 0 up", g.ids[node], weight)
		}
	}
	return nil
}

// heaviestChains gives the weight of the heaviest chain that ends at each step,
// and the step before it on that chain, or -1.
func (g *Graph) heaviestChains(weights []int64) (totals []int64, before []int32) {
	totals, before = make([]int64, g.own), make([]int32, g.own)
	for _, node := range g.order {
		before[node] = -1
		for _, parent := range g.Parents(node) {
			if g.isOwn(parent) && (before[node] < 0 || totals[parent] > totals[before[node]]) {
				before[node] = parent
			}
		}
		totals[node] = weights[node]
		if before[node] >= 0 {
			totals[node] = addCapped(totals[before[node]], weights[node])
		}
	}
	return totals, before
}

// heaviestEnd considers only steps without children in the task, so that a chain continues to its
// end through steps of weight 0.
func heaviestEnd(g *Graph, totals []int64) int32 {
	last := int32(-1)
	for node := range int32(g.own) {
		if slices.ContainsFunc(g.Children(node), g.isOwn) {
			continue
		}
		if last < 0 || totals[node] > totals[last] {
			last = node
		}
	}
	return last
}

func addCapped(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

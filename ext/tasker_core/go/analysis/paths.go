package analysis

import (
	"math/big"
	"slices"
)

// shownPaths is how many paths an analysis shows.
const shownPaths = 5

// suffix is a path from a step to a leaf: its first edge, and the suffix of the step behind that
// edge that continues it.
type suffix struct {
	score int64
	leaf  int32
	next  int32 // -1 at the leaf
	edge  int32 // place of next among the children
	rank  int32 // place among the suffixes of next
}

// before tells which of two suffixes of one step is listed first: the higher
// score, then the smaller leaf, then the one that depth-first search finds first.
func (s suffix) before(other suffix) bool {
	switch {
	case s.score != other.score:
		return s.score > other.score
	case s.leaf != other.leaf:
		return s.leaf < other.leaf
	case s.edge != other.edge:
		return s.edge < other.edge
	}
	return s.rank < other.rank
}

// bestPaths gives the best paths from roots to leaves, at most shownPaths, where a
// path's score is the sum of its steps' scores. Of equal paths the one of the
// smaller root goes first, then as in suffix.before.
func (a *analyzer) bestPaths(order []int32, scores []int64) [][]int32 {
	suffixes := make([][]suffix, a.graph.Len())
	for _, node := range slices.Backward(order) {
		suffixes[node] = a.bestSuffixes(node, scores[node], suffixes)
	}
	type start struct {
		suffix
		root, rank int32
	}
	var starts []start
	for node := range int32(a.graph.Len()) {
		if len(a.parents(node)) > 0 {
			continue
		}
		for rank, s := range suffixes[node] {
			starts = append(starts, start{s, node, int32(rank)})
		}
	}
	slices.SortStableFunc(starts, func(x, y start) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
	paths := make([][]int32, 0, shownPaths)
	for _, s := range starts[:min(shownPaths, len(starts))] {
		paths = append(paths, follow(suffixes, s.root, s.rank))
	}
	return paths
}

func (a *analyzer) bestSuffixes(node int32, score int64, suffixes [][]suffix) []suffix {
	children := a.children(node)
	if len(children) == 0 {
		return []suffix{{score: score, leaf: node, next: -1}}
	}
	best := make([]suffix, 0, shownPaths+1)
	for edge, child := range children {
		for rank, s := range suffixes[child] {
			candidate := suffix{score: s.score + score, leaf: s.leaf, next: child, edge: int32(edge), rank: int32(rank)}
			at := len(best)
			for at > 0 && candidate.before(best[at-1]) {
				at--
			}
			if at == shownPaths {
				continue
			}
			best = slices.Insert(best, at, candidate)
			best = best[:min(len(best), shownPaths)]
		}
	}
	return best
}

func follow(suffixes [][]suffix, node, rank int32) []int32 {
	var path []int32
	for node >= 0 {
		path = append(path, node)
		s := suffixes[node][rank]
		node, rank = s.next, s.rank
	}
	return path
}

// countPaths counts the paths from roots to leaves, each edge for itself.
func (a *analyzer) countPaths(order []int32) *big.Int {
	total := new(big.Int)
	counts := make([]big.Int, a.graph.Len())
	for _, node := range slices.Backward(order) {
		children := a.children(node)
		if len(children) == 0 {
			counts[node].SetInt64(1)
		}
		for _, child := range children {
			counts[node].Add(&counts[node], &counts[child])
		}
		if len(a.parents(node)) == 0 {
			total.Add(total, &counts[node])
		}
	}
	return total
}

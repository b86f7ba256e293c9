package analysis

import "math/bits"

// walk finds what lies behind a step, again and again with the same memory.
type walk struct {
	analyzer *analyzer
	seen     []int32 // the last walk that came by
	number   int32
	stack    []place
}

// place is how far a walk got among the children of a step.
type place struct {
	children []int32
	next     int
}

func newWalk(a *analyzer) *walk { return &walk{analyzer: a, seen: make([]int32, a.graph.Len())} }

// downstream gives every step behind one, in the order in which a depth-first
// search meets them.
func (w *walk) downstream(node int32) []int32 {
	w.number++
	var found []int32
	w.stack = append(w.stack[:0], place{children: w.analyzer.children(node)})
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		if top.next == len(top.children) {
			w.stack = w.stack[:len(w.stack)-1]
			continue
		}
		child := top.children[top.next]
		top.next++
		if w.seen[child] != w.number {
			w.seen[child] = w.number
			found = append(found, child)
			w.stack = append(w.stack, place{children: w.analyzer.children(child)})
		}
	}
	return found
}

// reach is how many steps lie behind a step, and how many of them are blocked.
type reach struct {
	all     int64
	blocked int64
}

// reaches counts what lies behind each of the given steps: 64 of them in one pass
// over the graph, a bit each.
func (a *analyzer) reaches(order, nodes []int32) []reach {
	counts := make([]reach, len(nodes))
	marks := make([]uint64, a.graph.Len())
	for first := 0; first < len(nodes); first += 64 {
		clear(marks)
		own := make(map[int32]uint64, 64)
		for bit, node := range nodes[first:min(first+64, len(nodes))] {
			own[node] |= 1 << bit
		}
		for _, node := range order {
			mark := marks[node]
			for rest := mark; rest != 0; rest &= rest - 1 {
				count := &counts[first+bits.TrailingZeros64(rest)]
				count.all++
				if !a.Steps[node].DependenciesSatisfied {
					count.blocked++
				}
			}
			if mark |= own[node]; mark != 0 {
				for _, child := range a.children(node) {
					marks[child] |= mark
				}
			}
		}
	}
	return counts
}

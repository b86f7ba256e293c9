package dag

import (
	"slices"
	"strconv"
	"strings"
)

// CycleError reports that the dependencies of a task form a cycle, so that none of its steps can
// ever run. Use errors.As to get it.
type CycleError struct {
	// Path holds workflow_step_ids in the direction of the edges. It begins at
	// the smallest id on the cycle and ends with the same id: [3 7 5 3].
	Path []int64
}

// shownSteps is how many steps of a path a message names; Path has them all.
const shownSteps = 12

// Error names the steps on the cycle and what to do about it.
func (e *CycleError) Error() string {
	var text strings.Builder
	text.WriteString("the dependencies of this task form a cycle: ")
	for i, id := range e.Path {
		if i == shownSteps && len(e.Path) > shownSteps+1 {
			text.WriteString(" -> ... (" + strconv.Itoa(len(e.Path)-i) + " more)")
			break
		}
		if i > 0 {
			text.WriteString(" -> ")
		}
		text.WriteString(strconv.FormatInt(id, 10))
	}
	text.WriteString("; delete one of these edges from tasker_workflow_step_edges")
	return text.String()
}

// Cycle gives the cycle that was found among the steps of the task, or nil.
func (g *Graph) Cycle() *CycleError { return g.cycle }

// findCycle walks from child to parent through the steps that the topological
// sort had to leave (waiting > 0). Each of them has such a parent, so the walk
// must meet itself.
func (g *Graph) findCycle(waiting []int32) *CycleError {
	left := func(node int32) bool { return g.isOwn(node) && waiting[node] > 0 }
	node := int32(slices.IndexFunc(waiting, func(count int32) bool { return count > 0 }))
	seenAt := make(map[int32]int)
	var walk []int32
	for {
		if start, seen := seenAt[node]; seen {
			return g.cycleError(walk[start:])
		}
		seenAt[node] = len(walk)
		walk = append(walk, node)
		parents := g.Parents(node)
		node = parents[slices.IndexFunc(parents, left)]
	}
}

// cycleError turns a walk against the edges into the path that is reported.
func (g *Graph) cycleError(against []int32) *CycleError {
	along := slices.Clone(against)
	slices.Reverse(along)
	first := slices.Index(along, slices.Min(along))
	path := make([]int64, 0, len(along)+1)
	for i := range along {
		path = append(path, g.ids[along[(first+i)%len(along)]])
	}
	return &CycleError{Path: append(path, path[0])}
}

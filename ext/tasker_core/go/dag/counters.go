package dag

import "fmt"

// Counters follow a running task: for each step, how many of its parent edges
// lead from a step that is not yet satisfied. A step is satisfied when its state
// is complete or resolved_manually. Counters know nothing of retries, backoff or
// claims; whether a freed step may really run is for package readiness to say.
//
// Counters are not safe for concurrent use.
type Counters struct {
	graph     *Graph
	satisfied []bool  // by node, foreign ones included
	remaining []int32 // by own step
}

// NewCounters makes counters for a graph in which exactly the nodes with true in
// satisfied are satisfied. satisfied has one value for each node, foreign ones
// included (NodeCount); nil means none. It fails when the length is another.
func NewCounters(graph *Graph, satisfied []bool) (*Counters, error) {
	c := &Counters{
		graph:     graph,
		satisfied: make([]bool, graph.NodeCount()),
		remaining: make([]int32, graph.Len()),
	}
	if err := c.Recompute(satisfied); err != nil {
		return nil, err
	}
	return c, nil
}

// Recompute starts over from the states of all nodes, as NewCounters does, in
// the memory that is there already. It is for strict reads of the database; on
// an error nothing has changed.
func (c *Counters) Recompute(satisfied []bool) error {
	if satisfied != nil && len(satisfied) != len(c.satisfied) {
		return fmt.Errorf("dag: %d states were given for %d nodes; give one for each node, foreign ones included",
			len(satisfied), len(c.satisfied))
	}
	clear(c.satisfied)
	copy(c.satisfied, satisfied)
	for step := range c.remaining {
		c.remaining[step] = c.countOpen(int32(step))
	}
	return nil
}

func (c *Counters) countOpen(step int32) int32 {
	open := int32(0)
	for _, parent := range c.graph.Parents(step) {
		if !c.satisfied[parent] {
			open++
		}
	}
	return open
}

// Complete marks a node, own or foreign, as satisfied and appends to freed the
// steps for which that was the last open parent and which are not satisfied
// themselves. A node that is satisfied already changes nothing. The cost is the
// node's number of children.
func (c *Counters) Complete(node int32, freed []int32) []int32 {
	if c.satisfied[node] {
		return freed
	}
	c.satisfied[node] = true
	for _, child := range c.graph.Children(node) {
		if c.graph.IsForeign(child) {
			continue
		}
		c.remaining[child]--
		if c.remaining[child] == 0 && !c.satisfied[child] {
			freed = append(freed, child)
		}
	}
	return freed
}

// AppendFree appends to free all steps that are not satisfied and have no open
// parent, by index.
func (c *Counters) AppendFree(free []int32) []int32 {
	for step, open := range c.remaining {
		if open == 0 && !c.satisfied[step] {
			free = append(free, int32(step))
		}
	}
	return free
}

// Satisfied reports whether the node was marked complete.
func (c *Counters) Satisfied(node int32) bool { return c.satisfied[node] }

// Remaining is the number of parent edges of the step that are still open.
func (c *Counters) Remaining(step int32) int { return int(c.remaining[step]) }

// TotalParents is the number of parent edges of the step: total_parents of the
// engine's readiness functions.
func (c *Counters) TotalParents(step int32) int { return len(c.graph.Parents(step)) }

// CompletedParents is the number of parent edges that lead from satisfied nodes:
// completed_parents of the engine's readiness functions.
func (c *Counters) CompletedParents(step int32) int {
	return c.TotalParents(step) - c.Remaining(step)
}

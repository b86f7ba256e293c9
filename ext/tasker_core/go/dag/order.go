package dag

// TopologicalOrder gives all steps of the task so that each comes after its
// parents. The order depends on ids and edges alone, not on the order in which
// they were given. On a cyclic graph it returns a *CycleError.
func (g *Graph) TopologicalOrder() ([]int32, error) {
	if g.cycle != nil {
		return nil, g.cycle
	}
	return g.order, nil
}

// sortTopologically takes step after step whose parents within the task are all
// taken (Kahn). What it cannot take lies on a cycle or behind one.
func (g *Graph) sortTopologically() {
	waiting := g.ownParentCounts()
	g.order = make([]int32, 0, g.own)
	for node, count := range waiting {
		if count == 0 {
			g.order = append(g.order, int32(node))
		}
	}
	for next := 0; next < len(g.order); next++ {
		for _, child := range g.Children(g.order[next]) {
			if !g.isOwn(child) {
				continue
			}
			if waiting[child]--; waiting[child] == 0 {
				g.order = append(g.order, child)
			}
		}
	}
	if len(g.order) < g.own {
		g.cycle = g.findCycle(waiting)
	}
}

// ownParentCounts counts, for each step, the edges from steps of the same task.
func (g *Graph) ownParentCounts() []int32 {
	counts := make([]int32, g.own)
	for node := range counts {
		for _, parent := range g.Parents(int32(node)) {
			if g.isOwn(parent) {
				counts[node]++
			}
		}
	}
	return counts
}

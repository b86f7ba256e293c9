package dag

// MaxDepth is the deepest min_depth_from_root that the view
// tasker_step_dag_relationships gives; its recursion ends there.
const MaxDepth int32 = 50

// NoDepth stands for NULL in min_depth_from_root.
const NoDepth int32 = -1

// MinDepths returns, for each step of the task, the length of the shortest path from a node without
// parents, as min_depth_from_root of the view tasker_step_dag_relationships: NoDepth if there is
// none of at most MaxDepth edges.
//
// Paths may run through foreign nodes, as they do in the view. A foreign node counts as a root when
// no edge to it was passed to Compile. A cycle does not disturb a shortest path, so there is no
// error.
func (g *Graph) MinDepths() []int32 {
	depths := make([]int32, len(g.ids))
	reached := make([]int32, 0, len(g.ids))
	for node := range depths {
		depths[node] = NoDepth
		if g.IsRoot(int32(node)) {
			depths[node] = 0
			reached = append(reached, int32(node))
		}
	}
	for next := 0; next < len(reached); next++ {
		node := reached[next]
		if depths[node] == MaxDepth {
			break
		}
		for _, child := range g.Children(node) {
			if depths[child] == NoDepth {
				depths[child] = depths[node] + 1
				reached = append(reached, child)
			}
		}
	}
	return depths[:g.own:g.own]
}

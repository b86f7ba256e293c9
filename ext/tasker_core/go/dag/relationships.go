package dag

// Relationship is one row of the view tasker_step_dag_relationships, without
// task_id and named_step_id, which the graph does not know.
type Relationship struct {
	StepID      int64   // workflow_step_id
	ParentIDs   []int64 // parent_step_ids, sorted, one for each edge
	ChildIDs    []int64 // child_step_ids, sorted, one for each edge
	ParentCount int     // parent_count
	ChildCount  int     // child_count
	IsRoot      bool    // is_root_step
	IsLeaf      bool    // is_leaf_step
	MinDepth    int32   // min_depth_from_root; NoDepth for NULL
}

// Relationships gives the view's row for each step of the task, by step id. It
// works on cyclic graphs, as the view does. For steps with foreign parents the
// condition of MinDepths holds.
func (g *Graph) Relationships() []Relationship {
	depths := g.MinDepths()
	ids := make([]int64, 0, 2*g.EdgeCount())
	rows := make([]Relationship, g.own)
	for i := range rows {
		node := int32(i)
		row := Relationship{StepID: g.ids[i], IsRoot: g.IsRoot(node), IsLeaf: g.IsLeaf(node), MinDepth: depths[i]}
		ids, row.ParentIDs = g.appendIDs(ids, g.Parents(node))
		ids, row.ChildIDs = g.appendIDs(ids, g.Children(node))
		row.ParentCount, row.ChildCount = len(row.ParentIDs), len(row.ChildIDs)
		rows[i] = row
	}
	return rows
}

// appendIDs adds the nodes' ids to a shared buffer and gives the part added.
func (g *Graph) appendIDs(buffer []int64, nodes []int32) (all, added []int64) {
	begin := len(buffer)
	for _, node := range nodes {
		buffer = append(buffer, g.ids[node])
	}
	return buffer, buffer[begin:len(buffer):len(buffer)]
}

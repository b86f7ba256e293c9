package dag

import "slices"

// Edge says that the step To depends on the step From. Both are values of
// workflow_step_id; one Edge stands for one row of tasker_workflow_step_edges.
type Edge struct {
	From int64
	To   int64
}

// Graph is the compiled dependency graph of one task. The zero value is a graph
// without steps. It is immutable: all methods may be called concurrently, and
// slices that they return without copying must not be written to.
type Graph struct {
	ids      []int64 // own steps sorted by id, then foreign steps sorted by id
	own      int     // how many of ids are steps of the task
	parents  adjacency
	children adjacency
	order    []int32 // topological, own steps only; shorter than own on a cycle
	cycle    *CycleError
}

// Len is the number of steps of the task. Their indexes are 0 to Len()-1, in
// the order of their ids.
func (g *Graph) Len() int { return g.own }

// NodeCount is the number of nodes: the task's steps and the foreign ones that
// edges mention.
func (g *Graph) NodeCount() int { return len(g.ids) }

// EdgeCount is the number of edges, duplicates counted.
func (g *Graph) EdgeCount() int { return len(g.parents.list) }

// IDs gives the ids of all nodes by index. It is not a copy.
func (g *Graph) IDs() []int64 { return g.ids }

// ID gives the workflow_step_id of a node.
func (g *Graph) ID(node int32) int64 { return g.ids[node] }

// Index finds the node of a workflow_step_id, own or foreign.
func (g *Graph) Index(id int64) (node int32, found bool) {
	if at, ok := locate(g.ids[:g.own], id); ok {
		return at, true
	}
	at, ok := slices.BinarySearch(g.ids[g.own:], id)
	return int32(g.own + at), ok
}

// IsForeign reports whether the node belongs to another task.
func (g *Graph) IsForeign(node int32) bool { return int(node) >= g.own }

// Parents gives the nodes that edges lead from, one for each edge, by id. It is
// not a copy.
func (g *Graph) Parents(node int32) []int32 { return g.parents.of(node) }

// Children gives the nodes that edges lead to, one for each edge, by id. It is
// not a copy.
func (g *Graph) Children(node int32) []int32 { return g.children.of(node) }

// IsRoot reports whether no edge leads to the node.
func (g *Graph) IsRoot(node int32) bool { return g.parents.count(node) == 0 }

// IsLeaf reports whether no edge leads from the node.
func (g *Graph) IsLeaf(node int32) bool { return g.children.count(node) == 0 }

func (g *Graph) isOwn(node int32) bool { return int(node) < g.own }

// adjacency is a list of neighbours for each node, all in one array.
type adjacency struct {
	start []int32 // of node n: list[start[n]:start[n+1]]
	list  []int32
}

func (a adjacency) of(node int32) []int32 {
	return a.list[a.start[node]:a.start[node+1]:a.start[node+1]]
}

func (a adjacency) count(node int32) int {
	return int(a.start[node+1] - a.start[node])
}

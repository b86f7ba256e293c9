package analysis

// Graph is the task's graph as it is shown.
type Graph struct {
	Nodes []Node
	Edges []Edge
	// Children and Parents have one list for each of Nodes.
	Children [][]int64
	Parents  [][]int64
	// Levels are in the order of the engine's calculate_dependency_levels.
	Levels []Level
}

// Node is a step with its level, 0 where no root of the task leads to it.
type Node struct {
	ID    int64  `msgpack:"id"`
	Name  string `msgpack:"name"`
	Level int32  `msgpack:"level"`
}

// Edge leads from a step to one that waits for it.
type Edge struct {
	From     int64  `msgpack:"from"`
	To       int64  `msgpack:"to"`
	FromName string `msgpack:"from_name"`
	ToName   string `msgpack:"to_name"`
}

// Level is the longest path from a root to a step.
type Level struct {
	StepID int64
	Level  int32
	node   int32
}

func (a *analyzer) describeGraph() (Graph, error) {
	rows, err := a.graph.DependencyLevels()
	if err != nil {
		return Graph{}, err
	}
	count := a.graph.Len()
	g := Graph{
		Nodes: make([]Node, count), Edges: make([]Edge, 0, a.graph.EdgeCount()),
		Children: make([][]int64, count), Parents: make([][]int64, count),
		Levels: make([]Level, len(rows)),
	}
	for i, row := range rows {
		node, _ := a.graph.Index(row.StepID)
		g.Levels[i] = Level{StepID: row.StepID, Level: row.Level, node: node}
		g.Nodes[node].Level = row.Level
	}
	for node := range int32(count) {
		g.Nodes[node].ID, g.Nodes[node].Name = a.graph.ID(node), a.Steps[node].Name
		children := a.children(node)
		g.Children[node], g.Parents[node] = a.ids(children), a.ids(a.parents(node))
		for i, child := range children {
			g.Edges = append(g.Edges, Edge{
				From: g.Nodes[node].ID, To: g.Children[node][i],
				FromName: a.Steps[node].Name, ToName: a.Steps[child].Name,
			})
		}
	}
	return g, nil
}

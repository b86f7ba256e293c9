package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// DependencyLevels returns each step of a task with its level, the longest path from a root,
// ordered by level and id. An unknown task has no steps. It replaces the engine's function
// calculate_dependency_levels, in time linear in steps and edges instead of paths. A cycle is a
// *dag.CycleError.
func DependencyLevels(ctx context.Context, driver store.Driver, taskID int64) ([]dag.DependencyLevel, error) {
	topology, err := store.LoadTopology(ctx, driver, taskID)
	if err != nil {
		return nil, err
	}
	graph, err := compile(topology.StepIDs, topology.Edges)
	if err != nil {
		return nil, err
	}
	return graph.DependencyLevels()
}

func compile(stepIDs []int64, edges store.Edges) (*dag.Graph, error) {
	list := make([]dag.Edge, len(edges.Parent))
	for i, parent := range edges.Parent {
		list[i] = dag.Edge{From: parent, To: edges.Child[i]}
	}
	return dag.Compile(stepIDs, list)
}

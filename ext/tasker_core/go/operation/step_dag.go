package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Relationship is a row of the engine's view tasker_step_dag_relationships.
type Relationship struct {
	dag.Relationship
	TaskID      int64
	NamedStepID int64
}

// StepDAG gives the view's rows for one task, by step id. The view computes the
// depths of every task before it picks one; here only the task is read, and the
// ancestors that its steps have in other tasks.
func StepDAG(ctx context.Context, driver store.Driver, taskID int64) ([]Relationship, error) {
	topology, err := store.LoadTopology(ctx, driver, taskID)
	if err != nil {
		return nil, err
	}
	if err := topology.LoadAncestors(ctx, driver, int(dag.MaxDepth)); err != nil {
		return nil, err
	}
	graph, err := compile(topology.StepIDs, topology.Edges)
	if err != nil {
		return nil, err
	}
	rows := make([]Relationship, graph.Len())
	for i, relationship := range graph.Relationships() {
		rows[i] = Relationship{Relationship: relationship, TaskID: taskID, NamedStepID: topology.NamedStep(relationship.StepID)}
	}
	return rows, nil
}

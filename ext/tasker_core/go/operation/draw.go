package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/drawing"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Draw gives a task's workflow in one of the forms of package drawing, "" for an
// unknown task. States and times come from two statements: a step that moves
// between them is drawn in its old state.
func Draw(ctx context.Context, driver store.Driver, taskID int64, form func(drawing.Task) (string, error)) (string, error) {
	snapshot, err := store.LoadSnapshot(ctx, driver, taskID, store.WithNames|store.WithTasks)
	if err != nil {
		return "", err
	}
	row, found := snapshot.Tasks[taskID]
	if !found {
		return "", nil
	}
	timeline, err := store.LoadTimeline(ctx, driver, taskID)
	if err != nil {
		return "", err
	}
	return form(drawing.Task{
		ID: taskID, Name: timeline.Name, Namespace: timeline.Namespace, Version: timeline.Version,
		State: state(lifecycle.Task, row.State), Now: snapshot.Now,
		Steps: drawnSteps(snapshot, timeline), Edges: drawnEdges(snapshot.Edges),
	})
}

func drawnSteps(snapshot *store.Snapshot, timeline *store.Timeline) []drawing.Step {
	steps := make([]drawing.Step, len(snapshot.Steps))
	for i := range steps {
		row := &snapshot.Steps[i]
		moment := timeline.Moments[row.ID]
		steps[i] = drawing.Step{
			ID: row.ID, Name: row.Name, State: state(lifecycle.Step, row.State),
			Attempts: row.Attempts.Value, RetryLimit: row.RetryLimit.Value,
			Began: moment.Began, Ended: moment.Ended.Value,
		}
	}
	return steps
}

func state(machine lifecycle.Machine, toState *string) string {
	if toState == nil {
		return machine.CurrentState("", false)
	}
	return machine.CurrentState(*toState, true)
}

func drawnEdges(rows store.Edges) []dag.Edge {
	edges := make([]dag.Edge, len(rows.Parent))
	for i, parent := range rows.Parent {
		edges[i] = dag.Edge{From: parent, To: rows.Child[i]}
	}
	return edges
}

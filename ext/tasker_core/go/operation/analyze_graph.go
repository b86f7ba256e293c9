package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/analysis"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// AnalyzeGraph returns the analysis of the engine's RuntimeGraphAnalyzer for a task, from one
// snapshot of it; nil for an unknown task. A cycle is a *dag.CycleError.
func AnalyzeGraph(ctx context.Context, driver store.Driver, version readiness.Version, taskID int64, weights analysis.Weights) (*analysis.Runtime, error) {
	snapshot, err := store.LoadSnapshot(ctx, driver, taskID, store.WithNames|store.WithTasks)
	if err != nil {
		return nil, err
	}
	task, found := snapshot.Tasks[taskID]
	if !found {
		return nil, nil
	}
	graph, err := compile(snapshot.StepIDs(), snapshot.Edges)
	if err != nil {
		return nil, err
	}
	in := analysis.Input{
		Graph: graph, Now: snapshot.Now, Weights: weights,
		Steps: evaluate(version, snapshot),
	}
	var tally readiness.Tally
	for i := range in.Steps {
		tally.Add(&in.Steps[i])
	}
	in.Task = tally.Context(readiness.TaskInput{TaskID: taskID, NamedTaskID: int32(task.NamedTaskID), State: text(task.State)})
	return analysis.Analyze(in)
}

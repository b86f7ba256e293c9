package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// SessionView is what a session shows of its task after a strict read.
type SessionView struct {
	Session int64
	Task    readiness.TaskInput
	// TaskVersion is the version of the task's row: whoever changes the row changes it.
	TaskVersion int64
	Steps       []readiness.StepInput
	// Changed are the steps whose row or state is not what the session knew.
	Changed []int64
	Edges   []dag.Edge
}

// OpenSession reads a task and opens a session on it. An unknown task is a
// *MissingError, a cyclic one a *dag.CycleError.
func OpenSession(ctx context.Context, core *Core, driver store.Driver, options orchestration.Options, taskID int64) (*SessionView, error) {
	snapshot, now, err := readTaskSnapshot(ctx, driver, taskID)
	if err != nil {
		return nil, err
	}
	session, err := orchestration.New(options, *snapshot)
	if err != nil {
		return nil, err
	}
	live := &liveSession{taskID: taskID, session: session}
	live.setClock(now)
	id, err := core.Sessions.add(live)
	if err != nil {
		return nil, err
	}
	core.Sessions.stats.StrictReads.Add(1)
	return live.view(id, []int64{}, snapshot), nil
}

// RefreshSession brings a session up to date with a strict read. Where another
// thread claimed or finished a step meanwhile, the read may be the older of the two:
// it is dropped, and the session stays stale, so that the next decision reads again.
func RefreshSession(ctx context.Context, core *Core, driver store.Driver, id int64) (*SessionView, error) {
	live, err := core.Sessions.find(id)
	if err != nil {
		return nil, err
	}
	noted := live.noted()
	snapshot, now, err := readTaskSnapshot(ctx, driver, live.taskID)
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	core.Sessions.stats.StrictReads.Add(1)
	if live.session.Noted() != noted {
		live.session.MarkStale()
		return live.view(id, []int64{}, snapshot), nil
	}
	changed, err := live.session.Refresh(*snapshot)
	if err != nil {
		return nil, err
	}
	live.setClock(now)
	return live.view(id, changed, snapshot), nil
}

// readTaskSnapshot reads a task with its steps and their row versions in one statement: a version is that of what
// was read.
func readTaskSnapshot(ctx context.Context, driver store.Driver, taskID int64) (*orchestration.TaskSnapshot, int64, error) {
	rows, err := store.LoadSnapshot(ctx, driver, taskID, store.WithVersions|store.WithTasks)
	if err != nil {
		return nil, 0, err
	}
	task, found := rows.Tasks[taskID]
	if !found {
		return nil, 0, &MissingError{Machine: lifecycle.Task, ID: taskID}
	}
	snapshot := &orchestration.TaskSnapshot{
		Task:        readiness.TaskInput{TaskID: taskID, NamedTaskID: int32(task.NamedTaskID), State: text(task.State)},
		TaskVersion: task.Version,
		Steps:       inputs(rows),
		Versions:    make([]int64, len(rows.Steps)),
		Edges:       make([]dag.Edge, len(rows.Edges.Parent)),
	}
	for i := range rows.Steps {
		snapshot.Versions[i] = rows.Steps[i].Version
	}
	for i, parent := range rows.Edges.Parent {
		snapshot.Edges[i] = dag.Edge{From: parent, To: rows.Edges.Child[i]}
	}
	for id, state := range rows.Edges.Outside {
		if state != nil && lifecycle.Satisfied(*state) {
			snapshot.SatisfiedOutside = append(snapshot.SatisfiedOutside, id)
		}
	}
	return snapshot, rows.Now, nil
}

// NextSteps tells what a session can run now, from memory.
type NextSteps struct {
	orchestration.Batch
	// Stale tells that a strict read is due before the answer can be relied on.
	Stale bool
	// Blocked tells that nothing can run and a step has failed permanently.
	Blocked bool
}

// SessionNext asks a session for the next batch. It reads nothing.
func SessionNext(core *Core, id int64) (*NextSteps, error) {
	live, err := core.Sessions.find(id)
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	now := live.now()
	return &NextSteps{Batch: live.session.Next(now), Stale: live.session.Stale(), Blocked: live.session.Blocked(now)}, nil
}

// SessionContext gives the task's execution context as the session knows it.
func SessionContext(core *Core, id int64) (*readiness.Context, error) {
	live, err := core.Sessions.find(id)
	if err != nil {
		return nil, err
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	row := live.session.Context(live.now())
	return &row, nil
}

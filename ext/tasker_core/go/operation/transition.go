package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// TransitionRequest asks to move tasks or steps to another state.
type TransitionRequest struct {
	Machine  lifecycle.Machine
	IDs      []int64
	To       string
	Metadata string
	Now      *string
	// TellsRetries announces error to pending as retry_requested, where the engine
	// publishes initialize_requested.
	TellsRetries bool
}

// TransitionResult is the result for one task or step.
type TransitionResult struct {
	lifecycle.Decision
	ID int64
	// RowID and SortKey are the new audit row's where the decision is allowed.
	RowID   int64
	SortKey int64
}

// MissingError says that there is no such task or step.
type MissingError struct {
	Machine lifecycle.Machine
	ID      int64
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no %s %d, or the transaction that creates it is not committed yet", e.Machine, e.ID)
}

// DemandTask fails with a *MissingError where there is no such task.
func DemandTask(ctx context.Context, driver store.Driver, taskID int64) error {
	rows, err := driver.Query(ctx, store.TaskState.With(store.Int(taskID)))
	if err == nil && len(rows) == 0 {
		err = &MissingError{Machine: lifecycle.Task, ID: taskID}
	}
	return err
}

// TransitionOne moves one task or step. One that does not exist is a
// *MissingError.
func TransitionOne(ctx context.Context, driver store.Driver, request TransitionRequest) (*TransitionResult, error) {
	row, err := store.WriteOne(ctx, driver, request.transition(), request.IDs[0])
	return request.one(ctx, row, err)
}

// CompleteTask moves a task to complete, together with its column of that name: what
// TaskFinalizer#complete_task of the engine writes. One that does not exist is a *MissingError.
func CompleteTask(ctx context.Context, driver store.Driver, request TransitionRequest) (*TransitionResult, error) {
	row, err := store.CompleteTask(ctx, driver, request.transition(), request.IDs[0])
	return request.one(ctx, row, err)
}

func (request TransitionRequest) one(ctx context.Context, row *store.TransitionRow, err error) (*TransitionResult, error) {
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, &MissingError{Machine: request.Machine, ID: request.IDs[0]}
	}
	result := request.result(ctx, *row)
	return &result, nil
}

// TransitionMany moves many tasks or steps in one statement, in ascending order
// of id; those that may not move stay as they are and say why. Unknown ids are
// missing in the answer. It stands for the transition_to! of the engine's state
// machines: locks, checks and writes in one go, decided by the database.
func TransitionMany(ctx context.Context, driver store.Driver, request TransitionRequest) ([]TransitionResult, error) {
	rows, err := store.WriteTransition(ctx, driver, request.transition())
	if err != nil {
		return nil, err
	}
	results := make([]TransitionResult, len(rows))
	for i, row := range rows {
		results[i] = request.result(ctx, row)
	}
	return results, nil
}

func (request TransitionRequest) transition() store.Transition {
	return store.Transition{
		Machine:  request.Machine.String(),
		IDs:      request.IDs,
		Sources:  request.Machine.Sources(request.To),
		To:       request.To,
		Guarded:  request.Machine.GuardFor(request.To) != lifecycle.NoGuard,
		Metadata: request.Metadata,
		Now:      request.Now,
	}
}

func (request TransitionRequest) result(ctx context.Context, row store.TransitionRow) TransitionResult {
	result := judge(request, row)
	if result.Allowed() {
		note(ctx, request.change(result))
	}
	return result
}

func (request TransitionRequest) change(r TransitionResult) Change {
	change := Change{Machine: r.Machine, ID: r.ID, From: r.From, To: r.To, Event: r.Event}
	if request.TellsRetries {
		change.Event = r.PairEvent
	}
	return change
}

// judge names the reason from what the statement saw. What looked allowed and
// was not written lost a race.
func judge(request TransitionRequest, row store.TransitionRow) TransitionResult {
	decision := lifecycle.Decide(request.Machine, row.State, request.To, row.Guard)
	if decision.Allowed() && !row.RowID.Valid {
		decision = decision.Lost(row.ID)
	}
	return TransitionResult{Decision: decision, ID: row.ID, RowID: row.RowID.Value, SortKey: row.SortKey.Value}
}

// CurrentState gives the current state of a task or step, "" where it does not
// exist.
func CurrentState(ctx context.Context, driver store.Driver, machine lifecycle.Machine, id int64) (string, error) {
	if machine == lifecycle.Task {
		return store.CurrentState(ctx, driver, store.TaskState, id)
	}
	return store.CurrentState(ctx, driver, store.StepState, id)
}

// GuardSatisfied answers the guard of a machine's guarded target: whether all
// parents of a step, or all steps of a task, are complete or resolved manually.
// It stands for StepStateMachine.step_dependencies_met? and
// Task#all_steps_complete?. Where the engine lets a step through when its check
// fails, the failure is returned.
func GuardSatisfied(ctx context.Context, driver store.Driver, machine lifecycle.Machine, id int64) (bool, error) {
	if machine == lifecycle.Task {
		return store.Satisfied(ctx, driver, store.TaskStepsSatisfied, id)
	}
	return store.Satisfied(ctx, driver, store.StepParentsSatisfied, id)
}

// PredictTransition tells what TransitionOne would do, without writing.
func PredictTransition(ctx context.Context, driver store.Driver, machine lifecycle.Machine, id int64, to string) (lifecycle.Decision, error) {
	state, err := CurrentState(ctx, driver, machine, id)
	if err != nil {
		return lifecycle.Decision{}, err
	}
	if state == "" {
		return lifecycle.Decision{}, &MissingError{Machine: machine, ID: id}
	}
	satisfied := true
	if machine.GuardFor(to) != lifecycle.NoGuard {
		if satisfied, err = GuardSatisfied(ctx, driver, machine, id); err != nil {
			return lifecycle.Decision{}, err
		}
	}
	return lifecycle.Decide(machine, state, to, satisfied), nil
}

package wire

import (
	"context"
	"encoding/json"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

type transitionArguments struct {
	StepID  *int64  `msgpack:"step_id"`
	TaskID  *int64  `msgpack:"task_id"`
	StepIDs []int64 `msgpack:"step_ids"`
	To      string  `msgpack:"to"`
	// Metadata is a JSON object, as text.
	Metadata string  `msgpack:"metadata"`
	Now      *string `msgpack:"now"`
}

type completionArguments struct {
	TaskID *int64 `msgpack:"task_id"`
	// Metadata is a JSON object, as text.
	Metadata string  `msgpack:"metadata"`
	Now      *string `msgpack:"now"`
}

func (a transitionArguments) request(machine lifecycle.Machine, ids []int64) (operation.TransitionRequest, error) {
	request := operation.TransitionRequest{Machine: machine, IDs: ids, To: a.To, Metadata: a.Metadata, Now: a.Now}
	var object map[string]json.RawMessage
	if a.Metadata != "" && json.Unmarshal([]byte(a.Metadata), &object) != nil {
		return request, Errorf(CodeInvalidArgument, "metadata of the transition to %q is not a JSON object", a.To)
	}
	return request, checkIDs("step_ids", ids)
}

// writeTransition is how one task or step is moved.
type writeTransition func(context.Context, store.Driver, operation.TransitionRequest) (*operation.TransitionResult, error)

func transitionOne(c call, a transitionArguments, machine lifecycle.Machine, id *int64, write writeTransition) (any, error) {
	if id == nil {
		return nil, Errorf(CodeInvalidArgument, "%s_id is missing", machine)
	}
	request, err := a.request(machine, []int64{*id})
	if err != nil {
		return nil, err
	}
	result, err := write(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	return transitionResult(*result), nil
}

func transitionStep(c call, a transitionArguments) (any, error) {
	return transitionOne(c, a, lifecycle.Step, a.StepID, operation.TransitionOne)
}

func transitionTask(c call, a transitionArguments) (any, error) {
	return transitionOne(c, a, lifecycle.Task, a.TaskID, operation.TransitionOne)
}

func completeTask(c call, a completionArguments) (any, error) {
	transition := transitionArguments{TaskID: a.TaskID, To: lifecycle.Complete, Metadata: a.Metadata, Now: a.Now}
	return transitionOne(c, transition, lifecycle.Task, a.TaskID, operation.CompleteTask)
}

func transitionSteps(c call, a transitionArguments) (any, error) {
	request, err := a.request(lifecycle.Step, a.StepIDs)
	if err != nil {
		return nil, err
	}
	results, err := operation.TransitionMany(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(results))
	for i, result := range results {
		list[i] = transitionResult(result)
	}
	return list, nil
}

// transitionResult is [id, code, message, from, to, row id, sort key, event]: a
// list, since a step's claim and completion wait for it.
func transitionResult(r operation.TransitionResult) []any {
	return []any{r.ID, string(r.Code), r.Message, r.From, r.To, r.RowID, r.SortKey, r.Event}
}

func currentStepState(c call, a transitionArguments) (any, error) {
	return currentState(c, lifecycle.Step, a.StepID)
}

func currentTaskState(c call, a transitionArguments) (any, error) {
	return currentState(c, lifecycle.Task, a.TaskID)
}

func currentState(c call, machine lifecycle.Machine, id *int64) (any, error) {
	if id == nil {
		return nil, Errorf(CodeInvalidArgument, "%s_id is missing", machine)
	}
	state, err := operation.CurrentState(c.ctx, c.driver, machine, *id)
	if err != nil || state == "" {
		return nil, err
	}
	return state, nil
}

func stepDependenciesMet(c call, a transitionArguments) (any, error) {
	return guardSatisfied(c, lifecycle.Step, a.StepID)
}

func allStepsComplete(c call, a transitionArguments) (any, error) {
	return guardSatisfied(c, lifecycle.Task, a.TaskID)
}

func guardSatisfied(c call, machine lifecycle.Machine, id *int64) (any, error) {
	if id == nil {
		return nil, Errorf(CodeInvalidArgument, "%s_id is missing", machine)
	}
	return operation.GuardSatisfied(c.ctx, c.driver, machine, *id)
}

func predictTransition(c call, a transitionArguments) (any, error) {
	machine, id := lifecycle.Step, a.StepID
	if a.TaskID != nil {
		machine, id = lifecycle.Task, a.TaskID
	}
	if id == nil {
		return nil, Errorf(CodeInvalidArgument, "step_id or task_id is missing")
	}
	decision, err := operation.PredictTransition(c.ctx, c.driver, machine, *id, a.To)
	if err != nil {
		return nil, err
	}
	return transitionResult(operation.TransitionResult{Decision: decision, ID: *id}), nil
}

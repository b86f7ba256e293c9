package wire

import (
	"context"
	"encoding/json"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// transition is what every transition is given beside its target.
type transition struct {
	To text `msgpack:"to"`
	// Metadata is a JSON object, as text.
	Metadata string  `msgpack:"metadata"`
	Now      *string `msgpack:"now"`
}

type stepTransition struct {
	stepArguments
	transition
}

type taskTransition struct {
	taskArguments
	transition
}

type taskCompletion struct {
	taskArguments
	// Metadata is a JSON object, as text.
	Metadata string  `msgpack:"metadata"`
	Now      *string `msgpack:"now"`
}

type stepTransitions struct {
	StepIDs idList `msgpack:"step_ids"`
	transition
}

func (t transition) request(machine lifecycle.Machine, ids []int64) (operation.TransitionRequest, error) {
	to, err := t.To.of("to")
	request := operation.TransitionRequest{Machine: machine, IDs: ids, To: to, Metadata: t.Metadata, Now: t.Now}
	var object map[string]json.RawMessage
	if err == nil && t.Metadata != "" && json.Unmarshal([]byte(t.Metadata), &object) != nil {
		err = Errorf(CodeInvalidArgument, "metadata of the transition to %q is not a JSON object", to)
	}
	return request, err
}

// writeTransition is how one task or step is moved.
type writeTransition func(context.Context, store.Driver, operation.TransitionRequest) (*operation.TransitionResult, error)

func transitionOne(c call, machine lifecycle.Machine, target id, t transition, write writeTransition) (any, error) {
	id, err := target.of(machine.String() + "_id")
	if err != nil {
		return nil, err
	}
	request, err := t.request(machine, []int64{id})
	if err != nil {
		return nil, err
	}
	result, err := write(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	return transitionResult(*result), nil
}

func transitionStep(c call, a stepTransition) (any, error) {
	return transitionOne(c, lifecycle.Step, a.StepID, a.transition, operation.TransitionOne)
}

func completeTask(c call, a taskCompletion) (any, error) {
	complete := transition{To: text{value: lifecycle.Complete, given: true}, Metadata: a.Metadata, Now: a.Now}
	return transitionOne(c, lifecycle.Task, a.TaskID, complete, operation.CompleteTask)
}

func transitionTask(c call, a taskTransition) (any, error) {
	return transitionOne(c, lifecycle.Task, a.TaskID, a.transition, operation.TransitionOne)
}

func transitionSteps(c call, a stepTransitions) (any, error) {
	ids, err := a.StepIDs.of("step_ids")
	if err != nil {
		return nil, err
	}
	request, err := a.request(lifecycle.Step, ids)
	if err != nil {
		return nil, err
	}
	results, err := operation.TransitionMany(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	list := make([]transitionReply, len(results))
	for i, result := range results {
		list[i] = transitionResult(result)
	}
	return list, nil
}

func transitionResult(r operation.TransitionResult) transitionReply {
	return transitionReply{ID: r.ID, Code: string(r.Code), Message: r.Message, From: r.From, To: r.To,
		TransitionID: r.RowID, SortKey: r.SortKey, Event: r.Event}
}

func currentStepState(c call, a stepArguments) (any, error) {
	return currentState(c, lifecycle.Step, a.StepID)
}

func currentTaskState(c call, a taskArguments) (any, error) {
	return currentState(c, lifecycle.Task, a.TaskID)
}

func currentState(c call, machine lifecycle.Machine, target id) (any, error) {
	id, err := target.of(machine.String() + "_id")
	if err != nil {
		return nil, err
	}
	state, err := operation.CurrentState(c.ctx, c.driver, machine, id)
	if err != nil || state == "" {
		return nil, err
	}
	return state, nil
}

func stepDependenciesMet(c call, a stepArguments) (any, error) {
	return guardSatisfied(c, lifecycle.Step, a.StepID)
}

func allStepsComplete(c call, a taskArguments) (any, error) {
	return guardSatisfied(c, lifecycle.Task, a.TaskID)
}

func guardSatisfied(c call, machine lifecycle.Machine, target id) (any, error) {
	id, err := target.of(machine.String() + "_id")
	if err != nil {
		return nil, err
	}
	return operation.GuardSatisfied(c.ctx, c.driver, machine, id)
}

type predictArguments struct {
	StepID id   `msgpack:"step_id"`
	TaskID id   `msgpack:"task_id"`
	To     text `msgpack:"to"`
}

func predictTransition(c call, a predictArguments) (any, error) {
	to, err := a.To.of("to")
	if err != nil {
		return nil, err
	}
	machine, target := lifecycle.Step, a.StepID
	if a.TaskID.given {
		machine, target = lifecycle.Task, a.TaskID
	}
	if !target.given {
		return nil, Errorf(CodeInvalidArgument, "step_id or task_id is missing")
	}
	decision, err := operation.PredictTransition(c.ctx, c.driver, machine, target.value, to)
	if err != nil {
		return nil, err
	}
	return transitionResult(operation.TransitionResult{Decision: decision, ID: target.value}), nil
}

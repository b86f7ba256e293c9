package wire

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
	"github.com/jcoletaylor/tasker_core/go/operation"
)

type createArguments struct {
	Namespace *string `msgpack:"namespace"`
	Name      string  `msgpack:"name"`
	Version   *string `msgpack:"version"`
	// Steps are maps, see createStep.
	Steps []msgpack.RawMessage `msgpack:"steps"`
	// Context is a JSON object, as text.
	Context      string   `msgpack:"context"`
	Initiator    *string  `msgpack:"initiator"`
	SourceSystem *string  `msgpack:"source_system"`
	Reason       *string  `msgpack:"reason"`
	Tags         []string `msgpack:"tags"`
	BypassSteps  []string `msgpack:"bypass_steps"`
	// Identity is uuid, also where none is given, or hash.
	Identity *string `msgpack:"identity"`
	// IdentityHash is an identity of the caller instead.
	IdentityHash *string `msgpack:"identity_hash"`
	// Enqueue: see operation.CreateRequest.
	Enqueue bool    `msgpack:"enqueue"`
	Minute  *string `msgpack:"minute"`
	Now     *string `msgpack:"now"`
}

// createStep is an element of steps. Inputs is a JSON value, as text.
type createStep struct {
	Name       string   `msgpack:"name"`
	System     *string  `msgpack:"dependent_system"`
	DependsOn  []string `msgpack:"depends_on"`
	Retryable  *bool    `msgpack:"retryable"`
	RetryLimit *int64   `msgpack:"retry_limit"`
	Skippable  bool     `msgpack:"skippable"`
	Inputs     *string  `msgpack:"inputs"`
}

func (a createArguments) request() (request operation.CreateRequest, err error) {
	request = operation.CreateRequest{Enqueue: a.Enqueue, Now: a.Now, Minute: a.Minute}
	request.Task = creation.Task{
		Namespace: given(a.Namespace, creation.DefaultNamespace), Name: a.Name,
		Version: given(a.Version, creation.DefaultVersion), Context: a.Context,
		Initiator: given(a.Initiator, creation.Unknown), SourceSystem: given(a.SourceSystem, creation.Unknown),
		Reason: given(a.Reason, creation.Unknown), Tags: a.Tags, BypassSteps: a.BypassSteps,
	}
	if request.Task.Identity, err = a.identity(); err != nil {
		return request, err
	}
	if err := shallow("context", a.Context); err != nil {
		return request, err
	}
	for i, raw := range a.Steps {
		step, err := readStep(fmt.Sprintf("steps[%d]", i), raw)
		if err != nil {
			return request, err
		}
		request.Task.Steps = append(request.Task.Steps, step)
	}
	return request, nil
}

func given[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

func (a createArguments) identity() (creation.Identity, error) {
	switch {
	case a.IdentityHash == nil:
		return creation.Identity{Kind: creation.Kind(given(a.Identity, string(creation.UUID)))}, nil
	case a.Identity != nil:
		return creation.Identity{}, Errorf(CodeInvalidArgument,
			"identity and identity_hash are both set; pass one of them: a kind (uuid or hash), or your own string")
	}
	return creation.Identity{Kind: creation.Given, Text: *a.IdentityHash}, nil
}

func readStep(at string, raw msgpack.RawMessage) (step creation.Step, err error) {
	if len(raw) == 0 || !isMap(raw[0]) {
		return step, Errorf(CodeInvalidArgument, "%s is not a map; a step is a map with a name", at)
	}
	var fields createStep
	if err := msgpackstrict.Decode(raw, &fields); err != nil {
		return step, Errorf(CodeInvalidArgument, "%s is invalid: %v", at, err)
	}
	if fields.Inputs != nil {
		err = shallow(at+".inputs", *fields.Inputs)
	}
	return creation.Step{Name: fields.Name, System: given(fields.System, creation.Unknown), DependsOn: fields.DependsOn,
		Retryable: given(fields.Retryable, true), RetryLimit: given(fields.RetryLimit, creation.DefaultRetryLimit),
		Skippable: fields.Skippable, Inputs: fields.Inputs}, err
}

// shallow refuses JSON that could not be read again.
func shallow(name, text string) error {
	if err := msgpackstrict.ShallowJSON([]byte(text), 0); err != nil {
		return Errorf(CodeInvalidArgument, "%s cannot be written: %v", name, err)
	}
	return nil
}

func createTask(c call, a createArguments) (any, error) {
	request, err := a.request()
	if err != nil {
		return nil, err
	}
	created, err := operation.CreateTask(c.ctx, c.driver, request)
	if err != nil {
		return nil, err
	}
	return createdReply{TaskID: created.TaskID, StepIDs: created.StepIDs, IdentityHash: created.Identity, Started: created.Started}, nil
}

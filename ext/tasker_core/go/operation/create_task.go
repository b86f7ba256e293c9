package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// waitsForRails is the metadata of the audit row of a task that a listener in Rails is to
// enqueue; lib/tasker_core/engine/external/created_tasks.rb takes the mark off.
const waitsForRails = `{"wake_up": "created"}`

// CreateRequest asks for a task with its steps.
type CreateRequest struct {
	Task creation.Task
	// Enqueue leaves the task to Rails, whose listener enqueues it; otherwise the task is for workers
	// that own their tasks.
	Enqueue bool
	Now     *string
	// Minute is the one that an identity by hash holds, in the zone of the application; nil
	// for that of Now.
	Minute *string
}

// Created is a task that was made.
type Created struct {
	TaskID int64
	// StepIDs are in the order of the steps.
	StepIDs  []int64
	Identity string
	// Started is the payload of the event task.start_requested, without the context.
	Started map[string]any
}

// SameTaskError says that another task has the identity that a new one would have.
type SameTaskError struct {
	Identity string
	// TaskID is the other one; not Valid where another transaction makes it just now.
	TaskID store.NullInt
}

func (e *SameTaskError) Error() string {
	other := "another one, which is being created at the same time,"
	if e.TaskID.Valid {
		other = fmt.Sprintf("task %d", e.TaskID.Value)
	}
	return fmt.Sprintf("the task exists already: %s has the identity hash %q, which must be unique. "+
		"The identity \"hash\" is computed from the request and its minute", other, e.Identity)
}

// DefinitionsGoneError says that what a task was to refer to was deleted while it was made.
type DefinitionsGoneError struct{ Task string }

func (e *DefinitionsGoneError) Error() string {
	return fmt.Sprintf("another process deleted the definitions of %s while the task was created; run it again", e.Task)
}

// CreateTask makes a task with its steps and edges as the engine's TaskInitializer does,
// and the definitions that are missing: two statements, six where definitions are made,
// for any number of steps.
func CreateTask(ctx context.Context, driver store.Driver, request CreateRequest) (*Created, error) {
	edges, err := request.Task.Check()
	if err != nil {
		return nil, err
	}
	found, err := definitions(ctx, driver, request)
	if err != nil {
		return nil, err
	}
	written, err := store.WriteTask(ctx, driver, newTask(request, edges, found))
	if err != nil {
		return nil, err
	}
	if !written.ID.Valid {
		return nil, &SameTaskError{Identity: written.Identity, TaskID: written.Same}
	}
	created := &Created{TaskID: written.ID.Value, StepIDs: written.StepIDs, Identity: written.Identity,
		Started: started(request.Task, written)}
	noteCreated(ctx, request.Task, created)
	return created, nil
}

func definitions(ctx context.Context, driver store.Driver, request CreateRequest) (*store.DefinitionIDs, error) {
	task := request.Task
	wanted := store.Definitions{Namespace: task.Namespace, Task: task.Name, Version: task.Version}
	for _, step := range task.Steps {
		wanted.Systems, wanted.Steps = append(wanted.Systems, step.System), append(wanted.Steps, step.Name)
		wanted.Retryable, wanted.Skippable = append(wanted.Retryable, step.Retryable), append(wanted.Skippable, step.Skippable)
		wanted.RetryLimits = append(wanted.RetryLimits, step.RetryLimit)
	}
	found, err := store.FindDefinitions(ctx, driver, wanted)
	if err != nil || found.Complete() {
		return found, err
	}
	if err := store.CreateDefinitions(ctx, driver, wanted, request.Now); err != nil {
		return nil, err
	}
	found, err = store.FindDefinitions(ctx, driver, wanted)
	if err == nil && !found.Complete() {
		err = &DefinitionsGoneError{Task: task.Namespace + "/" + task.Name}
	}
	return found, err
}

func newTask(request CreateRequest, edges []creation.Edge, found *store.DefinitionIDs) store.NewTask {
	task := request.Task
	fresh := store.NewTask{NamedTask: found.NamedTask.Value, Initiator: task.Initiator, SourceSystem: task.SourceSystem,
		Reason: task.Reason, BypassSteps: creation.TextsJSON(task.BypassSteps), Tags: creation.TextsJSON(task.Tags),
		Context: task.Context, Now: request.Now, Minute: request.Minute, HashedEnd: creation.HashedEnd, Channel: store.ChannelReady}
	switch task.Identity.Kind {
	case creation.Given:
		fresh.Identity = &task.Identity.Text
	case creation.Hash:
		fresh.HashedText = store.Text(task.HashedText())
	}
	for i, step := range task.Steps {
		fresh.NamedSteps = append(fresh.NamedSteps, found.NamedSteps[i].Value)
		fresh.Retryable, fresh.Skippable = append(fresh.Retryable, step.Retryable), append(fresh.Skippable, step.Skippable)
		fresh.RetryLimits, fresh.Inputs = append(fresh.RetryLimits, step.RetryLimit), append(fresh.Inputs, step.Inputs)
	}
	for _, edge := range edges {
		fresh.Sources, fresh.Targets = append(fresh.Sources, edge.From), append(fresh.Targets, edge.To)
	}
	if request.Enqueue {
		fresh.Channel, fresh.Pending = store.ChannelCreated, store.Text(waitsForRails)
	}
	return fresh
}

// started is what the engine tells of a task that was made with its steps, but for its
// context.
func started(task creation.Task, written *store.WrittenTask) map[string]any {
	steps := len(task.Steps)
	at := time.UnixMicro(written.CreatedAt.Value).UTC().Format(time.RFC3339)
	return map[string]any{
		"task_id": written.ID.Value, "task_name": task.Name, "namespace": task.Namespace,
		"task_type": "Tasker::Task", "event_type": "started", "started_at": at, "completed_at": nil,
		"timestamp": at, "total_execution_duration": nil, "current_execution_duration": 0.0,
		"total_steps": steps, "completed_steps": 0, "failed_steps": 0, "pending_steps": steps, "step_count": steps,
	}
}

func noteCreated(ctx context.Context, task creation.Task, created *Created) {
	note(ctx, Change{
		Machine: lifecycle.Task, ID: created.TaskID, Event: lifecycle.Task.Event(lifecycle.Pending, lifecycle.InProgress),
		Names: &store.Names{TaskID: created.TaskID, Namespace: task.Namespace, TaskName: task.Name},
		Fields: func() map[string]any {
			fields := maps.Clone(created.Started)
			fields["task_context"] = plain(task.Context)
			return fields
		},
	})
}

// plain reads JSON in the form of an event: integers if they fit, otherwise numbers with a
// fraction, and text for numbers that are larger than both.
func plain(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil
	}
	return withNumbers(value)
}

func withNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, element := range value {
			value[name] = withNumbers(element)
		}
	case []any:
		for i, element := range value {
			value[i] = withNumbers(element)
		}
	case json.Number:
		if integer, err := value.Int64(); err == nil {
			return integer
		}
		if number, err := value.Float64(); err == nil {
			return number
		}
		return value.String()
	}
	return value
}

package wire

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

const (
	// maxClaims bounds how many steps a worker claims at once.
	maxClaims = 1000
	// longestWait bounds await_steps.
	longestWait = time.Hour
)

type claimReadyArguments struct {
	// Handlers are [namespace, task, version or "", step] each.
	Handlers [][]string `msgpack:"handlers"`
	Limit    int64      `msgpack:"limit"`
	// StartTasks, ClaimID and Again: see operation.ClaimRequest.
	StartTasks bool    `msgpack:"start_tasks"`
	ClaimID    string  `msgpack:"claim_id"`
	Again      bool    `msgpack:"again"`
	Now        *string `msgpack:"now"`
	rules
}

func (a claimReadyArguments) request() (request operation.ClaimRequest, err error) {
	if a.Limit < 1 || a.Limit > maxClaims {
		return request, Errorf(CodeInvalidArgument, "limit is %d; it must be from 1 to %d", a.Limit, maxClaims)
	}
	if strings.ContainsRune(a.ClaimID, 0) || a.Again && a.ClaimID == "" {
		return request, Errorf(CodeInvalidArgument, "claim_id is %q; it must be a string that names the claims of one request, and must not be empty with again", a.ClaimID)
	}
	request = operation.ClaimRequest{Limit: a.Limit, StartTasks: a.StartTasks, ClaimID: a.ClaimID, Again: a.Again, Now: a.Now}
	if request.Rules, err = a.version(); err != nil {
		return request, err
	}
	if a.Handlers == nil {
		return request, Errorf(CodeInvalidArgument, "handlers is missing; it must be a list of [namespace, task, version, step]")
	}
	h := &request.Handlers
	for _, names := range a.Handlers {
		if len(names) != 4 {
			return request, Errorf(CodeInvalidArgument, "a handler is [namespace, task, version, step], with an empty version for any; got %q", names)
		}
		if names[1] == "" || names[3] == "" {
			return request, Errorf(CodeInvalidArgument, "a handler needs the names of a task and of a step; got %q", names)
		}
		h.Namespaces, h.Tasks = append(h.Namespaces, names[0]), append(h.Tasks, names[1])
		h.Versions, h.Steps = append(h.Versions, names[2]), append(h.Steps, names[3])
	}
	return request, nil
}

func claimReadySteps(c call, a claimReadyArguments) (any, error) {
	request, err := a.request()
	if err != nil {
		return nil, err
	}
	steps, err := operation.ClaimReadySteps(c.ctx, c.core, c.driver, request)
	if err != nil {
		return nil, err
	}
	integer := func(get func(operation.ClaimedStep) int64) func(int) (int64, bool) {
		return func(i int) (int64, bool) { return get(steps[i]), true }
	}
	t := NewTable(len(steps))
	t.Int("handler", integer(func(s operation.ClaimedStep) int64 { return s.Handler }))
	t.Text("version", func(i int) (string, bool) { return steps[i].Version, true })
	t.Int("workflow_step_id", integer(func(s operation.ClaimedStep) int64 { return s.ID }))
	t.Int("task_id", integer(func(s operation.ClaimedStep) int64 { return s.TaskID }))
	t.Int("token", integer(func(s operation.ClaimedStep) int64 { return s.Token }))
	t.Int("attempts", integer(func(s operation.ClaimedStep) int64 { return s.Attempts }))
	t.Int("retry_limit", integer(func(s operation.ClaimedStep) int64 { return s.RetryLimit }))
	t.Text("context", optional(steps, func(s operation.ClaimedStep) *string { return s.Context }))
	t.Text("inputs", optional(steps, func(s operation.ClaimedStep) *string { return s.Inputs }))
	t.Text("results", optional(steps, func(s operation.ClaimedStep) *string { return s.Results }))
	t.Text("parents", optional(steps, func(s operation.ClaimedStep) *string { return s.Parents }))
	return t, nil
}

func optional[T any](rows []T, get func(T) *string) func(int) (string, bool) {
	return func(i int) (string, bool) {
		if text := get(rows[i]); text != nil {
			return *text, true
		}
		return "", false
	}
}

type finishClaimArguments struct {
	StepID id     `msgpack:"step_id"`
	TaskID id     `msgpack:"task_id"`
	Token  id     `msgpack:"token"`
	To     string `msgpack:"to"`
	// Results is a JSON value, as text.
	Results   string `msgpack:"results"`
	Retryable *bool  `msgpack:"retryable"`
	// RetryAfter is in seconds; nil leaves the waiting time to the attempts.
	RetryAfter *int64  `msgpack:"retry_after"`
	Now        *string `msgpack:"now"`
}

func (a finishClaimArguments) finish() (finish store.Finish, err error) {
	finish = store.Finish{To: a.To, Now: a.Now, Attempt: true}
	if finish.StepID, err = a.StepID.of("step_id"); err != nil {
		return finish, err
	}
	if finish.Token, err = a.Token.of("token"); err != nil {
		return finish, err
	}
	if a.To != "complete" && a.To != "error" {
		return finish, Errorf(CodeInvalidArgument, "a step finishes as complete or error, not as %q", a.To)
	}
	if !json.Valid([]byte(a.Results)) {
		return finish, Errorf(CodeInvalidArgument, "the results of step %d are not JSON", finish.StepID)
	}
	if err := msgpackstrict.ShallowJSON([]byte(a.Results), 0); err != nil {
		return finish, Errorf(CodeInvalidArgument, "the results of step %d cannot be written: %v", finish.StepID, err)
	}
	wait, err := a.wait()
	if err != nil {
		return finish, err
	}
	finish.Columns = []store.Column{{Name: "results", Value: &a.Results}}
	if a.To == "complete" {
		return finish, nil
	}
	if a.Retryable != nil && !*a.Retryable {
		finish.Columns = append(finish.Columns, store.Column{Name: "retryable", Value: store.Text("false")})
	}
	finish.Columns = append(finish.Columns, store.Column{Name: "backoff_request_seconds", Value: wait})
	return finish, nil
}

// wait replaces what an earlier attempt asked for, also by nothing.
func (a finishClaimArguments) wait() (*string, error) {
	if a.RetryAfter == nil {
		return nil, nil
	}
	if *a.RetryAfter < 0 || *a.RetryAfter > 1<<31-1 {
		return nil, Errorf(CodeInvalidArgument, "retry_after is %d seconds; it must be from 0 to %d", *a.RetryAfter, 1<<31-1)
	}
	return store.Int(*a.RetryAfter), nil
}

func finishClaim(c call, a finishClaimArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	finish, err := a.finish()
	if err != nil {
		return nil, err
	}
	r, err := operation.FinishClaim(c.ctx, c.core, c.driver, taskID, finish)
	if err != nil {
		return nil, err
	}
	return outcomeReply{Code: string(r.Code), Message: r.Message, TransitionID: r.RowID, SortKey: r.SortKey}, nil
}

type renewArguments struct {
	Tokens   idList  `msgpack:"tokens"`
	Stopping bool    `msgpack:"stopping"`
	Now      *string `msgpack:"now"`
}

// renewClaims is the tokens that still hold.
func renewClaims(c call, a renewArguments) (any, error) {
	tokens, err := a.Tokens.of("tokens")
	if err != nil {
		return nil, err
	}
	return operation.RenewClaims(c.ctx, c.driver, tokens, a.Stopping, a.Now)
}

type claimArguments struct {
	Token id `msgpack:"token"`
}

type beginArguments struct {
	claimArguments
	Runner string `msgpack:"runner"`
}

// beginClaim tells whether the runner may execute the handler.
func beginClaim(c call, a beginArguments) (any, error) {
	if a.Runner == "" || strings.ContainsRune(a.Runner, 0) {
		return nil, Errorf(CodeInvalidArgument, "runner is %q; it must be a non-empty string that names the runner of the handler", a.Runner)
	}
	token, err := a.Token.of("token")
	if err != nil {
		return nil, err
	}
	return operation.BeginClaim(c.ctx, c.driver, token, a.Runner)
}

func claimState(c call, a claimArguments) (any, error) {
	token, err := a.Token.of("token")
	if err != nil {
		return nil, err
	}
	return operation.ClaimState(c.ctx, c.driver, token)
}

type finalizeArguments struct {
	taskArguments
	Now *string `msgpack:"now"`
	rules
}

// finalizeTask is the task's state.
func finalizeTask(c call, a finalizeArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	return operation.FinalizeTask(c.ctx, c.driver, version, taskID, a.Now)
}

type awaitArguments struct {
	TimeoutMS *int64 `msgpack:"timeout_ms"`
}

// awaitSteps tells whether there may be something to do.
func awaitSteps(c call, a awaitArguments) (any, error) {
	if a.TimeoutMS == nil || *a.TimeoutMS < 0 || *a.TimeoutMS > longestWait.Milliseconds() {
		return nil, Errorf(CodeInvalidArgument, "timeout_ms is %s; it must be from 0 to an hour", numberText(a.TimeoutMS))
	}
	patience := time.Duration(*a.TimeoutMS) * time.Millisecond
	if c.core.Pool == nil {
		return nil, Errorf(CodeInvalidArgument, "await_steps needs a core with its own connections: open it with a database_url")
	}
	return c.core.Pool.Await(c.ctx, []string{store.ChannelReady, store.ChannelFinished}, patience)
}

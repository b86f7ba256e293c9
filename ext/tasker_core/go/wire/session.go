package wire

import (
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
)

type openSessionArguments struct {
	taskArguments
	// FinalWhenNotRetryable: see orchestration.Options.
	FinalWhenNotRetryable bool `msgpack:"final_when_not_retryable"`
	rules
}

type sessionArguments struct {
	Session int64   `msgpack:"session"`
	StepID  id      `msgpack:"step_id"`
	Token   int64   `msgpack:"token"`
	Now     *string `msgpack:"now"`
}

type finishArguments struct {
	sessionArguments
	To      string             `msgpack:"to"`
	Columns map[string]*string `msgpack:"columns"`
	// Attempt: see store.Finish.
	Attempt  bool   `msgpack:"attempt"`
	Metadata string `msgpack:"metadata"`
	// Claim is the step to claim with the completion.
	Claim id `msgpack:"claim"`
}

type settleArguments struct {
	Session int64  `msgpack:"session"`
	StepID  id     `msgpack:"step_id"`
	To      string `msgpack:"to"`
	Now     string `msgpack:"now"`
	Claim   id     `msgpack:"claim"`
	// Token: see operation.SettleRequest.
	Token id `msgpack:"token"`
}

func openSession(c call, a openSessionArguments) (any, error) {
	taskID, err := a.TaskID.of("task_id")
	if err != nil {
		return nil, err
	}
	version, err := a.version()
	if err != nil {
		return nil, err
	}
	options := orchestration.Options{Rules: version, FinalWhenNotRetryable: a.FinalWhenNotRetryable}
	view, err := operation.OpenSession(c.ctx, c.core, c.driver, options, taskID)
	if err != nil {
		return nil, err
	}
	if id := c.notes.request.Origin.CorrelationID; id != "" {
		c.core.Sessions.Correlate(view.Session, id)
	}
	return sessionView(view), nil
}

func sessionRefresh(c call, a sessionArguments) (any, error) {
	view, err := operation.RefreshSession(c.ctx, c.core, c.driver, a.Session)
	if err != nil {
		return nil, err
	}
	return sessionView(view), nil
}

// sessionView is [session, task state, step ids, states, changed step ids, parents,
// children]; the last two are the edges into the steps.
func sessionView(view *operation.SessionView) []any {
	ids := make([]int64, len(view.Steps))
	for i := range ids {
		ids[i] = view.Steps[i].WorkflowStepID
	}
	parents, children := make([]int64, len(view.Edges)), make([]int64, len(view.Edges))
	for i, edge := range view.Edges {
		parents[i], children[i] = edge.From, edge.To
	}
	return []any{view.Session, view.Task.State.Or("pending"), ids, operation.StepStates(view.Steps), view.Changed, parents, children}
}

// sessionNext is [ready ids, retry ids, stale, blocked].
func sessionNext(c call, a sessionArguments) (any, error) {
	next, err := operation.SessionNext(c.core, a.Session)
	if err != nil {
		return nil, err
	}
	return []any{next.Ready, next.Retry, next.Stale, next.Blocked}, nil
}

func sessionContext(c call, a sessionArguments) (any, error) {
	row, err := operation.SessionContext(c.core, a.Session)
	if err != nil {
		return nil, err
	}
	return contextTable([]readiness.Context{*row}), nil
}

// sessionClaim is [code, message, token, sort key, changed step ids, step that follows
// or 0].
func sessionClaim(c call, a sessionArguments) (any, error) {
	stepID, err := a.StepID.of("step_id")
	if err != nil {
		return nil, err
	}
	r, err := operation.SessionClaim(c.ctx, c.core, c.driver, a.Session, stepID, a.Now)
	if err != nil {
		return nil, err
	}
	if r.Token == 0 {
		c.notes.line(zap.InfoLevel, "claim refused", zap.String("code", string(r.Code)), zap.String("reason", r.Message))
	}
	return []any{string(r.Code), r.Message, r.Token, r.SortKey, r.Changed, r.Follow}, nil
}

// sessionFinish is finishResult's list.
func sessionFinish(c call, a finishArguments) (any, error) {
	stepID, err := a.StepID.of("step_id")
	if err != nil {
		return nil, err
	}
	if err := checkOutcome(a.To, a.Claim); err != nil {
		return nil, err
	}
	request := operation.FinishRequest{Session: a.Session, StepID: stepID, To: a.To, Now: a.Now, Attempt: a.Attempt,
		Metadata: a.Metadata, Claim: a.Claim.orNull()}
	for name, value := range a.Columns {
		request.Columns = append(request.Columns, store.Column{Name: name, Value: value})
	}
	r, err := operation.SessionFinish(c.ctx, c.core, c.driver, request)
	if err != nil {
		return nil, err
	}
	if r.RowID == 0 {
		c.notes.line(c.notes.warning(), "result refused", zap.String("code", string(r.Code)), zap.String("reason", r.Message))
	}
	return finishResult(r), nil
}

func checkOutcome(to string, claim id) error {
	switch {
	case to != lifecycle.Complete && to != lifecycle.Error:
		return Errorf(CodeInvalidArgument, "a step finishes as complete or error, not as %q", to)
	case to != lifecycle.Complete && claim.given:
		return Errorf(CodeInvalidArgument, "a step that ends as %s cannot claim step %d: only a completion can", to, claim.value)
	}
	return nil
}

// finishResult is [code, message, row id, sort key, task version, claim]. claim is nil
// where none was asked for, else [code, token, sort key, changed step ids, step that
// follows or 0].
func finishResult(r *operation.FinishResult) []any {
	var claim any
	if r.Claim != nil {
		claim = []any{string(r.Claim.Code), r.Claim.Token, r.Claim.SortKey, r.Claim.Changed, r.Claim.Follow}
	}
	return []any{string(r.Code), r.Message, r.RowID, r.SortKey, r.TaskVersion, claim}
}

// sessionSettle is finishResult's list; of a claim the row is its token.
func sessionSettle(c call, a settleArguments) (any, error) {
	stepID, err := a.StepID.of("step_id")
	if err != nil {
		return nil, err
	}
	if a.Now == "" {
		return nil, Errorf(CodeInvalidArgument, "now is missing; it must be the time that the lost statement was given")
	}
	if a.To != lifecycle.InProgress || a.Claim.given {
		if err := checkOutcome(a.To, a.Claim); err != nil {
			return nil, err
		}
	}
	r, err := operation.SessionSettle(c.ctx, c.core, c.driver, operation.SettleRequest{Session: a.Session, StepID: stepID,
		To: a.To, Now: a.Now, Claim: a.Claim.orNull(), Token: a.Token.orNull()})
	if err != nil {
		return nil, err
	}
	c.notes.line(zap.InfoLevel, "lost statement settled", zap.String("to", a.To), zap.String("code", string(r.Code)))
	return finishResult(r), nil
}

func sessionRetry(c call, a sessionArguments) (any, error) {
	stepID, err := a.StepID.of("step_id")
	if err != nil {
		return nil, err
	}
	result, err := operation.SessionRetry(c.ctx, c.core, c.driver, a.Session, stepID, a.Now)
	if err != nil {
		return nil, err
	}
	if result.Allowed() {
		c.notes.line(zap.DebugLevel, "step goes back to pending")
	}
	return transitionResult(*result), nil
}

func sessionRolledBack(c call, a sessionArguments) (any, error) {
	stepID, err := a.StepID.of("step_id")
	if err != nil {
		return nil, err
	}
	return nil, operation.SessionRolledBack(c.core, a.Session, stepID, a.Token)
}

func closeSession(c call, a sessionArguments) (any, error) {
	c.core.Sessions.Close(a.Session)
	return nil, nil
}

func sessionStats(c call, _ struct{}) (any, error) {
	stats := c.core.Sessions.Stats()
	return map[string]int64{
		"sessions_open":   int64(c.core.Sessions.Count()),
		"sessions_opened": stats.Opened.Load(),
		"claims":          stats.Claims.Load(),
		"claims_refused":  stats.ClaimsRefused.Load(),
		"steps_finished":  stats.Finished.Load(),
		"results_late":    stats.Late.Load(),
		"strict_reads":    stats.StrictReads.Load(),
	}, nil
}

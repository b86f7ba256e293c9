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
	Session id `msgpack:"session"`
}

// of is the session's number.
func (a sessionArguments) of() (int64, error) { return a.Session.of("session") }

type sessionStep struct {
	sessionArguments
	stepArguments
}

// of are the numbers of the session and of the step.
func (a sessionStep) of() (session, step int64, err error) {
	if session, err = a.sessionArguments.of(); err != nil {
		return 0, 0, err
	}
	step, err = a.StepID.of("step_id")
	return session, step, err
}

// sessionWrite is what claims, outcomes and retries are given.
type sessionWrite struct {
	sessionStep
	Now *string `msgpack:"now"`
}

type finishArguments struct {
	sessionWrite
	To      text               `msgpack:"to"`
	Columns map[string]*string `msgpack:"columns"`
	// Attempt: see store.Finish.
	Attempt  bool   `msgpack:"attempt"`
	Metadata string `msgpack:"metadata"`
	// Claim is the step to claim with the completion.
	Claim id `msgpack:"claim"`
}

type settleArguments struct {
	sessionStep
	To    text   `msgpack:"to"`
	Now   string `msgpack:"now"`
	Claim id     `msgpack:"claim"`
	// Token: see operation.SettleRequest.
	Token id `msgpack:"token"`
}

type rolledBackArguments struct {
	sessionStep
	// Token is of the claim that holds nevertheless, 0 for none.
	Token int64 `msgpack:"token"`
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
	return viewOf(view), nil
}

func sessionRefresh(c call, a sessionArguments) (any, error) {
	session, err := a.of()
	if err != nil {
		return nil, err
	}
	view, err := operation.RefreshSession(c.ctx, c.core, c.driver, session)
	if err != nil {
		return nil, err
	}
	return viewOf(view), nil
}

func viewOf(view *operation.SessionView) sessionReply {
	ids := make([]int64, len(view.Steps))
	for i := range ids {
		ids[i] = view.Steps[i].WorkflowStepID
	}
	parents, children := make([]int64, len(view.Edges)), make([]int64, len(view.Edges))
	for i, edge := range view.Edges {
		parents[i], children[i] = edge.From, edge.To
	}
	return sessionReply{Session: view.Session, TaskState: view.Task.State.Or("pending"), StepIDs: ids,
		States: operation.StepStates(view.Steps), Changed: view.Changed, Parents: parents, Children: children,
		TaskVersion: view.TaskVersion}
}

func sessionNext(c call, a sessionArguments) (any, error) {
	session, err := a.of()
	if err != nil {
		return nil, err
	}
	next, err := operation.SessionNext(c.core, session)
	if err != nil {
		return nil, err
	}
	return nextReply{Ready: next.Ready, Retry: next.Retry, Stale: next.Stale, Blocked: next.Blocked}, nil
}

func sessionContext(c call, a sessionArguments) (any, error) {
	session, err := a.of()
	if err != nil {
		return nil, err
	}
	row, err := operation.SessionContext(c.core, session)
	if err != nil {
		return nil, err
	}
	return contextTable([]readiness.Context{*row}), nil
}

func sessionClaim(c call, a sessionWrite) (any, error) {
	session, stepID, err := a.of()
	if err != nil {
		return nil, err
	}
	r, err := operation.SessionClaim(c.ctx, c.core, c.driver, session, stepID, a.Now)
	if err != nil {
		return nil, err
	}
	if r.Token == 0 {
		c.notes.line(zap.InfoLevel, "claim refused", zap.String("code", string(r.Code)), zap.String("reason", r.Message))
	}
	return claimReply{Code: string(r.Code), Message: r.Message, Token: r.Token, SortKey: r.SortKey, Changed: r.Changed, Follow: r.Follow}, nil
}

func sessionFinish(c call, a finishArguments) (any, error) {
	session, stepID, err := a.of()
	if err != nil {
		return nil, err
	}
	to, err := outcome(a.To, a.Claim)
	if err != nil {
		return nil, err
	}
	request := operation.FinishRequest{Session: session, StepID: stepID, To: to, Now: a.Now, Attempt: a.Attempt,
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

// outcome is the state in which a step ends; only a completion may claim another step.
func outcome(to text, claim id) (string, error) {
	state, err := to.of("to")
	switch {
	case err != nil:
		return "", err
	case state != lifecycle.Complete && state != lifecycle.Error:
		return "", Errorf(CodeInvalidArgument, "a step finishes as complete or error, not as %q", state)
	case state != lifecycle.Complete && claim.given:
		return "", Errorf(CodeInvalidArgument, "a step that ends as %s cannot claim step %d: only a completion can", state, claim.value)
	}
	return state, nil
}

func finishResult(r *operation.FinishResult) finishReply {
	reply := finishReply{Code: string(r.Code), Message: r.Message, TransitionID: r.RowID, SortKey: r.SortKey, TaskVersion: r.TaskVersion}
	if r.Claim != nil {
		reply.Claim = &besideReply{Code: string(r.Claim.Code), Token: r.Claim.Token, SortKey: r.Claim.SortKey,
			Changed: r.Claim.Changed, Follow: r.Claim.Follow}
	}
	return reply
}

// sessionSettle gives of a claim its token as the row.
func sessionSettle(c call, a settleArguments) (any, error) {
	session, stepID, err := a.of()
	if err != nil {
		return nil, err
	}
	if a.Now == "" {
		return nil, Errorf(CodeInvalidArgument, "now is missing; it must be the time that was passed to the lost statement")
	}
	to := a.To.value
	if to != lifecycle.InProgress || a.Claim.given {
		if to, err = outcome(a.To, a.Claim); err != nil {
			return nil, err
		}
	}
	r, err := operation.SessionSettle(c.ctx, c.core, c.driver, operation.SettleRequest{Session: session, StepID: stepID,
		To: to, Now: a.Now, Claim: a.Claim.orNull(), Token: a.Token.orNull()})
	if err != nil {
		return nil, err
	}
	c.notes.line(zap.InfoLevel, "lost statement settled", zap.String("to", to), zap.String("code", string(r.Code)))
	return finishResult(r), nil
}

func sessionRetry(c call, a sessionWrite) (any, error) {
	session, stepID, err := a.of()
	if err != nil {
		return nil, err
	}
	result, err := operation.SessionRetry(c.ctx, c.core, c.driver, session, stepID, a.Now)
	if err != nil {
		return nil, err
	}
	if result.Allowed() {
		c.notes.line(zap.DebugLevel, "step goes back to pending")
	}
	return transitionResult(*result), nil
}

func sessionRolledBack(c call, a rolledBackArguments) (any, error) {
	session, stepID, err := a.of()
	if err != nil {
		return nil, err
	}
	return nil, operation.SessionRolledBack(c.core, session, stepID, a.Token)
}

func closeSession(c call, a sessionArguments) (any, error) {
	session, err := a.of()
	if err != nil {
		return nil, err
	}
	c.core.Sessions.Close(session)
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

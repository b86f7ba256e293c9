package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// SettleRequest asks for the result of a claim or an outcome whose answer was lost.
type SettleRequest struct {
	Session int64
	StepID  int64
	// To is in_progress for a claim, complete or error for an outcome.
	To string
	// Now is the time that the lost statement was given.
	Now string
	// Claim is the step that was to be claimed with the completion.
	Claim store.NullInt
	// Token is the step's claim if the session no longer holds it.
	Token store.NullInt
}

// SessionSettle finds out whether a statement whose answer was lost was executed, and records it.
// Allowed: it was written, the result is that of the statement, and the session is stale, because
// the columns were not read. NotWritten: the step is unchanged. Conflict: another process changed
// it.
//
// A server that has not noticed the broken connection may still be executing the statement. If the
// statement is repeated after NotWritten and then refused, settling it once more, with the time of
// the first, tells whether the first one was executed.
func SessionSettle(ctx context.Context, core *Core, driver store.Driver, request SettleRequest) (*FinishResult, error) {
	live, err := core.Sessions.find(request.Session)
	if err != nil {
		return nil, err
	}
	lost := store.Lost{StepID: request.StepID, Now: request.Now, Claim: live.known(request.Claim)}
	if !request.lostClaim() {
		if lost.Token = live.tokenOr(request.StepID, request.Token); !lost.Token.Valid {
			return notHeld(request.StepID).withoutClaim(request.Claim), nil
		}
	}
	settled, err := store.Settle(ctx, driver, lost)
	if err != nil {
		return nil, err
	}
	if settled == nil {
		return nil, &MissingError{Machine: lifecycle.Step, ID: request.StepID}
	}
	live.mutex.Lock()
	defer live.mutex.Unlock()
	if request.written(settled) {
		return core.settled(live, request, settled)
	}
	return live.unsettled(request, settled).withoutClaim(request.Claim), nil
}

// unsettled tells why what was lost is not there. The caller has the lock.
func (l *liveSession) unsettled(request SettleRequest, s *store.Settled) *FinishResult {
	switch {
	case request.open(s):
		return &FinishResult{Code: NotWritten, Message: fmt.Sprintf("nothing was written to step %d, which is %s", request.StepID, s.State)}
	case request.lostClaim():
		l.session.ClaimRefused()
		return &FinishResult{Code: lifecycle.Conflict, Message: changedByOthers(request.StepID, s.State)}
	}
	l.session.Refused(request.StepID)
	return lateResult(request.StepID, s.State)
}

func (request SettleRequest) lostClaim() bool { return request.To == lifecycle.InProgress }

// written tells whether the step's row is the one that was to be written.
func (request SettleRequest) written(s *store.Settled) bool {
	next := s.TokenSortKey.Valid && s.SortKey.Value == s.TokenSortKey.Value+lifecycle.SortKeyIncrement
	return s.State == request.To && s.OfThen && (next || request.lostClaim())
}

// open tells whether the statement can be repeated.
func (request SettleRequest) open(s *store.Settled) bool {
	if request.lostClaim() {
		return s.State == lifecycle.Pending
	}
	return s.TokenHolds
}

// settled notes what was found written. The caller has the session's lock.
func (c *Core) settled(live *liveSession, request SettleRequest, s *store.Settled) (*FinishResult, error) {
	result := &FinishResult{Code: lifecycle.Allowed, RowID: s.RowID.Value, SortKey: s.SortKey.Value, TaskVersion: s.TaskVersion}
	live.session.MarkStale()
	if request.lostClaim() {
		c.Sessions.stats.Claims.Add(1)
		return result, live.session.Claimed(request.StepID, s.RowID.Value)
	}
	c.Sessions.stats.Finished.Add(1)
	err := live.session.Ended(request.StepID, request.To, s.At.Value)
	if err == nil {
		result.Claim, err = c.alsoClaimed(live, request.Claim, &s.Claim)
	}
	return result, err
}

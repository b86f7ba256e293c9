package operation

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Sessions are the task runs that are open in a core.
type Sessions struct {
	limit int
	mutex sync.Mutex
	open  map[int64]*liveSession
	stats SessionStats
}

// lastSession numbers the sessions of all cores of the process: the number of a session of a closed
// core must not belong to another session.
var lastSession atomic.Int64

// SessionStats count what sessions did since the core was opened.
type SessionStats struct {
	Opened        atomic.Int64
	Claims        atomic.Int64
	ClaimsRefused atomic.Int64
	Finished      atomic.Int64
	Late          atomic.Int64
	StrictReads   atomic.Int64
}

// liveSession is a session with its lock and its clock. The lock is held for
// memory only, never while a statement runs.
type liveSession struct {
	taskID int64
	// correlationID is guarded by the lock of Sessions.
	correlationID string
	mutex         sync.Mutex
	session       *orchestration.Session
	readAt        int64
	since         time.Time
}

// now is the database's clock: as the last strict read had it, and the time since.
func (l *liveSession) now() int64 { return l.readAt + time.Since(l.since).Microseconds() }

func (l *liveSession) setClock(now int64) { l.readAt, l.since = now, time.Now() }

// noted is orchestration.Session.Noted under the lock.
func (l *liveSession) noted() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.session.Noted()
}

// token is orchestration.Session.Token under the lock.
func (l *liveSession) token(stepID int64) (int64, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.session.Token(stepID)
}

// tokenOr is the session's claim on a step, or another where it has none.
func (l *liveSession) tokenOr(stepID int64, other store.NullInt) store.NullInt {
	if token, held := l.token(stepID); held {
		return store.NullInt{Value: token, Valid: true}
	}
	return other
}

// known gives a step that is to be claimed, none where the session does not know it.
func (l *liveSession) known(claim store.NullInt) store.NullInt {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.session.Knows(claim.Value) {
		return store.NullInt{}
	}
	return claim
}

// view copies what the session knows, beside what only the strict read tells: the caller
// reads it without the lock.
func (l *liveSession) view(id int64, changed []int64, read *orchestration.TaskSnapshot) *SessionView {
	return &SessionView{Session: id, Task: l.session.Task(), TaskVersion: read.TaskVersion,
		Steps: slices.Clone(l.session.Steps()), Changed: changed, Edges: read.Edges}
}

// SessionError is a fault in the use of sessions.
type SessionError struct {
	Message string
}

func (e *SessionError) Error() string { return e.Message }

func newSessions(limit int) *Sessions {
	return &Sessions{limit: limit, open: make(map[int64]*liveSession)}
}

func (s *Sessions) add(live *liveSession) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.open) >= s.limit {
		return 0, &SessionError{Message: fmt.Sprintf("%d sessions are open, which is the limit; close those that have ended, or raise max_sessions", s.limit)}
	}
	id := lastSession.Add(1)
	s.open[id] = live
	s.stats.Opened.Add(1)
	return id, nil
}

func (s *Sessions) find(id int64) (*liveSession, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	live, ok := s.open[id]
	if !ok {
		return nil, &SessionError{Message: fmt.Sprintf("session %d is not open; it was closed, or belongs to another process", id)}
	}
	return live, nil
}

// Correlate keeps the id by which log lines about a session find together: its steps are
// executed on threads that have others.
func (s *Sessions) Correlate(id int64, correlationID string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if live, open := s.open[id]; open {
		live.correlationID = correlationID
	}
}

// About tells which task a session is of, and the id of its log lines.
func (s *Sessions) About(id int64) (taskID int64, correlationID string, open bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	live, open := s.open[id]
	if !open {
		return 0, "", false
	}
	return live.taskID, live.correlationID, true
}

// Close ends a session; an unknown one is ignored.
func (s *Sessions) Close(id int64) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.open, id)
}

// Count is how many sessions are open.
func (s *Sessions) Count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.open)
}

// Stats are the counters.
func (s *Sessions) Stats() *SessionStats { return &s.stats }

package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// SQLSTATEs for what no server reports: the standard's class 08, as libpq's
// callers know it.
const (
	stateNotConnected = "08001"
	stateBroken       = "08006"
	stateUnknown      = "08007"
)

// errClosed ends the statements that run when the pool is closed.
var errClosed = fmt.Errorf("the core is closed: %w", context.Canceled)

// AcquireTimeoutError says that a statement got no connection in time.
type AcquireTimeoutError struct {
	// Waited is the setting pool_acquire_timeout_seconds.
	Waited time.Duration
	// Busy and Max are how many connections were in use, and how many may be.
	Busy, Max int
}

func (e *AcquireTimeoutError) Error() string {
	if e.Busy < e.Max {
		return fmt.Sprintf("the database server accepted no connection within %v (%d of %d are in use): check that it can be reached, or raise pool_acquire_timeout_seconds",
			e.Waited, e.Busy, e.Max)
	}
	return fmt.Sprintf("no connection became free within %v: all %d of the pool are in use; raise pool_max_connections or pool_acquire_timeout_seconds, or run fewer calls at once",
		e.Waited, e.Max)
}

// Unwrap makes it a deadline that passed.
func (e *AcquireTimeoutError) Unwrap() error { return context.DeadlineExceeded }

// failure gives an error of pgx the form that every driver's errors have. A call
// that was cancelled failed for that reason, whatever the server said of it.
func failure(ctx context.Context, name string, err error) error {
	var reported *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the call ended while the statement %s ran: %w", name, context.Cause(ctx))
	case errors.As(err, &reported):
		return &store.Error{SQLState: reported.Code, Message: describe(reported)}
	case errors.As(err, &connect):
		return &store.Error{SQLState: stateNotConnected, Message: err.Error()}
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return &store.Error{SQLState: stateBroken, Message: "the connection broke: " + err.Error()}
	}
	return fmt.Errorf("the statement %s: %w", name, err)
}

func describe(e *pgconn.PgError) string {
	text := e.Message
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

package pool

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// drainTime is how long Await looks for more notifications after the first.
const drainTime = time.Millisecond

// listener is a connection outside of the pool that hears notifications. One caller
// at a time has it.
type listener struct {
	mutex    sync.Mutex
	conn     *pgx.Conn
	channels []string
}

// Await waits until something is notified on one of the channels, at most as long as
// it has patience. It keeps listening between calls, so that nothing is missed; it
// also answers true where it began to listen, since it does not know what was before.
func (p *Pool) Await(ctx context.Context, channels []string, patience time.Duration) (bool, error) {
	p.listener.mutex.Lock()
	defer p.listener.mutex.Unlock()
	if p.closing.Err() != nil {
		return false, errClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errClosed) })()
	began, err := p.listen(ctx, channels)
	if err != nil || began {
		return began, err
	}
	return p.hear(ctx, patience)
}

func (p *Pool) listen(ctx context.Context, channels []string) (bool, error) {
	l := &p.listener
	if l.conn != nil && !l.conn.IsClosed() && slices.Equal(l.channels, channels) {
		return false, nil
	}
	l.close()
	conn, err := pgx.ConnectConfig(ctx, p.connections.Config().ConnConfig)
	if err != nil {
		return false, failure(ctx, "that opens a connection", err)
	}
	l.conn, l.channels = conn, slices.Clone(channels)
	for _, channel := range channels {
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			l.close()
			return false, failure(ctx, "LISTEN", err)
		}
	}
	return true, nil
}

// mostAtOnce is how many notifications one answer stands for: anybody may notify without
// end.
const mostAtOnce = 10_000

func (p *Pool) hear(ctx context.Context, patience time.Duration) (bool, error) {
	heard, err := p.next(ctx, patience)
	for more, count := heard, 0; more && err == nil && count < mostAtOnce; count++ {
		more, err = p.next(ctx, drainTime)
	}
	return heard, err
}

// next takes one notification. A deadline leaves the connection as it is.
func (p *Pool) next(ctx context.Context, patience time.Duration) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := p.listener.conn.WaitForNotification(waiting)
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)):
		return false, nil
	}
	p.listener.close()
	return false, failure(ctx, "LISTEN", err)
}

func (l *listener) close() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackLimit)
	defer cancel()
	_ = l.conn.Close(ctx)
	l.conn = nil
}

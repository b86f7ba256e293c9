package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// Pool is a store.Driver with its own connections. Any goroutine may use it.
type Pool struct {
	connections *pgxpool.Pool
	settings    Settings
	closing     context.Context
	close       context.CancelFunc
	listener    listener
}

// New gives a pool; it opens no connection yet. Settings that cannot work are an
// error that never holds the URL's password.
func New(settings Settings) (*Pool, error) {
	config, err := settings.poolConfig()
	if err != nil {
		return nil, err
	}
	connections, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("the connection pool cannot be created: %w", err)
	}
	p := &Pool{connections: connections, settings: settings}
	p.closing, p.close = context.WithCancel(context.Background())
	return p, nil
}

// Close cancels the statements that still run, closes every connection and waits
// until they are closed.
func (p *Pool) Close() {
	p.close()
	p.connections.Close()
	p.listener.mutex.Lock()
	defer p.listener.mutex.Unlock()
	p.listener.close()
}

// Query runs a statement that reads on any free connection.
func (p *Pool) Query(ctx context.Context, statement store.Statement) (store.Rows, error) {
	if statement.Write {
		return nil, fmt.Errorf("the statement %s writes, so its operation must be one that runs in a transaction", statement.Name)
	}
	var rows store.Rows
	err := p.with(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		rows, err = query(ctx, conn, statement)
		return err
	})
	return rows, err
}

// with runs do on a connection of the pool. Where the context ends, pgx asks the
// server to cancel the statement, closes the connection and returns at once; the
// pool opens another when one is needed. Keeping it would mean to wait for the
// server's word, and a late one could hit the next statement.
func (p *Pool) with(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	if p.closing.Err() != nil {
		return errClosed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.closing, func() { cancel(errClosed) })()
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return do(ctx, conn.Conn())
}

func (p *Pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, p.settings.AcquireTimeout)
	defer cancel()
	conn, err := p.connections.Acquire(waiting)
	if err == nil {
		return conn, nil
	}
	if p.closing.Err() != nil {
		return nil, errClosed
	}
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		state := p.connections.Stat()
		return nil, &AcquireTimeoutError{
			Waited: p.settings.AcquireTimeout, Busy: int(state.AcquiredConns()), Max: p.settings.MaxConnections,
		}
	}
	return nil, failure(ctx, "that opens a connection", err)
}

// asText asks for every column in text form, whatever pgx would prefer.
var asText = pgx.QueryResultFormats{pgx.TextFormatCode}

func query(ctx context.Context, conn *pgx.Conn, statement store.Statement) (store.Rows, error) {
	answer, err := conn.Query(ctx, statement.SQL, arguments(statement.Params)...)
	if err != nil {
		return nil, failure(ctx, statement.Name, err)
	}
	defer answer.Close()
	rows := store.Rows{}
	for answer.Next() {
		rows = append(rows, texts(answer.RawValues()))
	}
	if err := answer.Err(); err != nil {
		return nil, failure(ctx, statement.Name, err)
	}
	return rows, nil
}

func arguments(params []*string) []any {
	values := make([]any, 1, len(params)+1)
	values[0] = asText
	for _, param := range params {
		if param == nil {
			values = append(values, nil)
		} else {
			values = append(values, *param)
		}
	}
	return values
}

// texts copies a row out of the connection's buffer, all its values at once.
func texts(raw [][]byte) []*string {
	var all strings.Builder
	size := 0
	for _, value := range raw {
		size += len(value)
	}
	all.Grow(size)
	for _, value := range raw {
		all.Write(value)
	}
	whole, row, values := all.String(), make([]*string, len(raw)), make([]string, len(raw))
	for i, value := range raw {
		if value != nil {
			values[i], whole = whole[:len(value)], whole[len(value):]
			row[i] = &values[i]
		}
	}
	return row
}

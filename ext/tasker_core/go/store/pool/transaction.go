package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jcoletaylor/tasker_core/go/store"
)

const (
	// commitGrace is how long a cancelled call waits for a running COMMIT: if it were cut off, its
	// result would be unknown.
	commitGrace = 30 * time.Millisecond
	// rollbackLimit bounds a ROLLBACK; a connection that needs longer is closed,
	// which takes back as well.
	rollbackLimit = 20 * time.Millisecond
)

// WithTransaction runs do on one connection inside a transaction. It commits where
// do gives no error, and takes everything back where it gives one. An error that
// says the call was cancelled means that nothing was written.
func (p *Pool) WithTransaction(ctx context.Context, do func(store.Driver) error) error {
	return p.with(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
			return failure(ctx, "BEGIN", err)
		}
		err := do(transaction{conn: conn})
		if err == nil && ctx.Err() != nil {
			err = failure(ctx, "COMMIT", ctx.Err())
		}
		if err != nil {
			rollback(ctx, conn)
			return err
		}
		return commit(ctx, conn)
	})
}

// transaction is the driver of an operation that writes.
type transaction struct {
	conn *pgx.Conn
}

// Query runs a statement in the transaction.
func (t transaction) Query(ctx context.Context, statement store.Statement) (store.Rows, error) {
	return query(ctx, t.conn, statement)
}

// rollback needs no answer: where it fails, the pool closes the connection, as it
// does with any that comes back inside a transaction.
func rollback(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
}

func commit(ctx context.Context, conn *pgx.Conn) error {
	settled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(commitGrace, cancel) })()
	tag, err := conn.Exec(settled, "COMMIT")
	if err == nil {
		return checkCommitted(tag.String())
	}
	failed := failure(context.WithoutCancel(ctx), "COMMIT", err)
	var database *store.Error
	if errors.As(failed, &database) && database.SQLState != stateBroken {
		return failed
	}
	return &store.Error{
		SQLState: stateUnknown,
		Message:  "the connection was lost during COMMIT, so it is unknown whether the transaction took effect: check before you run it again: " + err.Error(),
	}
}

// checkCommitted notices the COMMIT of a transaction in which a statement failed:
// the server answers it with ROLLBACK.
func checkCommitted(tag string) error {
	if tag == "COMMIT" {
		return nil
	}
	return fmt.Errorf("the server answered COMMIT with %s: a statement of the transaction had failed", tag)
}

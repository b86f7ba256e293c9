package pool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// promptly is how soon a cancelled call must come back.
const promptly = 50 * time.Millisecond

func databaseError(t *testing.T, err error) *store.Error {
	t.Helper()
	var failure *store.Error
	require.True(t, errors.As(err, &failure), "not reported by the database: %v", err)
	return failure
}

// cancelled runs what waits, ends it, and checks how and how soon it comes back.
func cancelled(t *testing.T, end func(), wait func() error, waits func() bool) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- wait() }()
	eventually(t, "the call waits", waits)
	began := time.Now()
	end()
	err := <-done
	assert.Less(t, time.Since(began), promptly)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, wire.CodeCancelled, wire.FromError(err).Code)
}

func TestACancelledStatementEndsHereAndOnTheServer(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	p := open(t, settings(database))
	for range 10 {
		ctx, cancel := context.WithCancel(context.Background())
		cancelled(t, cancel, func() error {
			_, err := p.Query(ctx, reading("SELECT pg_sleep(60)::text"))
			return err
		}, func() bool { return sessions(t, observer, "wait_event = 'PgSleep'") == 1 })
		eventually(t, "the server stops too", func() bool { return sessions(t, observer, "state = 'active'") == 0 })
	}
	assert.Equal(t, "1", ask(t, p, "SELECT 1::text"))
	assert.LessOrEqual(t, sessions(t, observer, "true"), 4)
}

func TestACancelledTransactionTakesBackWhatItWrote(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	exec(t, observer, "CREATE TABLE note (text text)")
	p := open(t, settings(database))
	ctx, cancel := context.WithCancel(context.Background())
	cancelled(t, cancel, func() error {
		return p.WithTransaction(ctx, func(driver store.Driver) error {
			if _, err := driver.Query(ctx, store.Statement{Name: "write", SQL: "INSERT INTO note VALUES ('x')", Write: true}); err != nil {
				return err
			}
			_, err := driver.Query(ctx, reading("SELECT pg_sleep(60)::text"))
			return err
		})
	}, func() bool { return sessions(t, observer, "wait_event = 'PgSleep'") == 1 })
	eventually(t, "the server forgets it", func() bool { return sessions(t, observer, "state <> 'idle'") == 0 })
	assert.Equal(t, "0", ask(t, p, "SELECT count(*)::text FROM note"))
}

func TestACallCancelledBeforeItsCommitWritesNothing(t *testing.T) {
	database := scratch(t)
	exec(t, connect(t, database), "CREATE TABLE note (text text)")
	p := open(t, settings(database))
	ctx, cancel := context.WithCancel(context.Background())
	err := p.WithTransaction(ctx, func(driver store.Driver) error {
		_, err := driver.Query(ctx, store.Statement{Name: "write", SQL: "INSERT INTO note VALUES ('x')", Write: true})
		cancel()
		return err
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "0", ask(t, p, "SELECT count(*)::text FROM note"))
}

// A deferred trigger makes COMMIT itself wait.
func TestACommitThatIsCutOffIsNotTakenForOneThatFailed(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	exec(t, observer, `CREATE TABLE note (text text);
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()`)
	p := open(t, settings(database))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- p.WithTransaction(ctx, func(driver store.Driver) error {
			_, err := driver.Query(ctx, store.Statement{Name: "write", SQL: "INSERT INTO note VALUES ('x')", Write: true})
			return err
		})
	}()
	eventually(t, "the commit waits", func() bool { return sessions(t, observer, "query = 'COMMIT' AND wait_event = 'PgSleep'") == 1 })
	began := time.Now()
	cancel()
	failure := databaseError(t, <-done)
	assert.Less(t, time.Since(began), promptly)
	assert.Equal(t, "08007", failure.SQLState)
	assert.False(t, failure.Retryable())
}

func TestClosingEndsWhatRuns(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	p := open(t, settings(database))
	cancelled(t, func() { go p.Close() }, func() error {
		_, err := p.Query(context.Background(), reading("SELECT pg_sleep(60)::text"))
		return err
	}, func() bool { return sessions(t, observer, "wait_event = 'PgSleep'") == 1 })
	eventually(t, "no session is left", func() bool { return sessions(t, observer, "true") == 0 })
	_, err := p.Query(context.Background(), reading("SELECT 1::text"))
	assert.ErrorContains(t, err, "closed")
}

func TestAStatementThatWritesNeedsATransaction(t *testing.T) {
	p := open(t, settings(databaseURL(t)))
	_, err := p.Query(context.Background(), store.Statement{Name: "stray", SQL: "SELECT 1::text", Write: true})
	assert.ErrorContains(t, err, "stray")
}

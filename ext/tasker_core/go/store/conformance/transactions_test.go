package conformance_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
)

func counterDatabase(t *testing.T) (string, *pgx.Conn) {
	t.Helper()
	database := emptyDatabase(t)
	conn := connect(t, database)
	exec(t, conn, "CREATE TABLE counter (id bigint PRIMARY KEY, value bigint NOT NULL)")
	exec(t, conn, "INSERT INTO counter VALUES (1, 0), (2, 0)")
	return database, conn
}

func add(driver store.Driver, name, id string) error {
	_, err := driver.Query(context.Background(), store.Statement{
		Name: name, SQL: "UPDATE counter SET value = value + 1 WHERE id = $1::bigint", Params: []*string{&id}, Write: true,
	})
	return err
}

func counters(t *testing.T, conn *pgx.Conn) (values []int64) {
	t.Helper()
	rows, err := conn.Query(context.Background(), "SELECT value FROM counter ORDER BY id")
	require.NoError(t, err)
	values, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	return values
}

func TestAnOperationThatWritesTakesEffectAsAWholeOrNotAtAll(t *testing.T) {
	database, conn := counterDatabase(t)
	changed := errors.New("the operation changed its mind")
	eachRunner(t, database, func(t *testing.T, run runner) {
		before := counters(t, conn)
		err := run.write(func(driver store.Driver) error {
			if err := add(driver, "first", "1"); err != nil {
				return err
			}
			if err := add(driver, "second", "2"); err != nil {
				return err
			}
			return changed
		})
		require.ErrorIs(t, err, changed)
		assert.Equal(t, before, counters(t, conn))

		require.NoError(t, run.write(func(driver store.Driver) error {
			if err := add(driver, "first", "1"); err != nil {
				return err
			}
			return add(driver, "second", "2")
		}))
		assert.Equal(t, []int64{before[0] + 1, before[1] + 1}, counters(t, conn))
	})
}

func TestASerializationFailureIsRetryable(t *testing.T) {
	database, conn := counterDatabase(t)
	serializable := withOptions(t, database, "-c default_transaction_isolation=serializable")
	eachRunner(t, serializable, func(t *testing.T, run runner) {
		var once sync.Once
		err := run.write(func(driver store.Driver) error {
			_, err := driver.Query(context.Background(), store.Statement{Name: "read", SQL: "SELECT sum(value)::text FROM counter"})
			if err != nil {
				return err
			}
			once.Do(func() { exec(t, conn, "UPDATE counter SET value = value + 1 WHERE id = 1") })
			return add(driver, "write", "1")
		})
		failure := asWire(t, err)
		assert.Equal(t, "40001", failure.SQLState)
		assert.True(t, failure.Retryable)
	})
}

func TestADeadlockIsRetryable(t *testing.T) {
	database, _ := counterDatabase(t)
	quick := withOptions(t, database, "-c deadlock_timeout=50ms")
	eachRunner(t, quick, func(t *testing.T, run runner) {
		other := connect(t, withOptions(t, database, "-c deadlock_timeout=60s"))
		exec(t, other, "BEGIN")
		exec(t, other, "UPDATE counter SET value = value + 1 WHERE id = 2")
		var once sync.Once
		freed := make(chan error, 1)
		err := run.write(func(driver store.Driver) error {
			if err := add(driver, "first", "1"); err != nil {
				return err
			}
			once.Do(func() {
				go func() {
					_, err := other.Exec(context.Background(), "UPDATE counter SET value = value + 1 WHERE id = 1")
					freed <- err
				}()
				waitForLock(t, connect(t, database))
			})
			return add(driver, "second", "2")
		})
		failure := asWire(t, err)
		assert.Equal(t, "40P01", failure.SQLState)
		assert.True(t, failure.Retryable)
		require.NoError(t, <-freed)
		exec(t, other, "ROLLBACK")
	})
}

// waitForLock returns when a session waits for a row's lock.
func waitForLock(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for waiting := false; !waiting; {
		require.NoError(t, conn.QueryRow(context.Background(),
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())").Scan(&waiting))
	}
}

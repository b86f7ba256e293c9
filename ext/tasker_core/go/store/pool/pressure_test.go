package pool_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store/pool"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

func TestManyCallersShareFewConnections(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	p := open(t, settings(database))
	const callers, calls = 64, 50
	errs := make(chan error, callers)
	var wait sync.WaitGroup
	for caller := range callers {
		wait.Go(func() {
			for i := range calls {
				wanted := strconv.Itoa(caller*calls + i)
				rows, err := p.Query(context.Background(), reading("SELECT '"+wanted+"'::text, pg_sleep(0.001)::text"))
				if err == nil && *rows[0][0] != wanted {
					err = errors.New("the answer of another caller")
				}
				if err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		assert.NoError(t, err)
	}
	assert.LessOrEqual(t, sessions(t, observer, "true"), 4)
	assert.Equal(t, "1", ask(t, p, "SELECT 1::text"))
}

func TestWaitingTooLongForAConnectionSaysWhatToDo(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	given := settings(database)
	given.MaxConnections, given.AcquireTimeout = 2, 20*time.Millisecond
	p := open(t, given)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			// To connect may take longer than the pool waits, on a busy machine.
			for ctx.Err() == nil {
				_, _ = p.Query(ctx, reading("SELECT pg_sleep(60)::text"))
			}
		})
	}
	eventually(t, "the pool is busy", func() bool { return sessions(t, observer, "wait_event = 'PgSleep'") == 2 })

	_, err := p.Query(context.Background(), reading("SELECT 1::text"))
	var timeout *pool.AcquireTimeoutError
	require.ErrorAs(t, err, &timeout)
	assert.Equal(t, pool.AcquireTimeoutError{Waited: 20 * time.Millisecond, Busy: 2, Max: 2}, *timeout)
	assert.Equal(t, wire.CodeTimeout, wire.FromError(err).Code)
	assert.Contains(t, err.Error(), "all 2 of the pool are in use")
	assert.Contains(t, err.Error(), "pool_max_connections")

	cancel()
	wait.Wait()
	eventually(t, "the connections come back", func() bool {
		_, err := p.Query(context.Background(), reading("SELECT 1::text"))
		return err == nil
	})
}

func TestAConnectionThatTheServerEndedWhileIdleIsReplaced(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	p := open(t, settings(database))
	for range 10 {
		ask(t, p, "SELECT 1::text")
		exec(t, observer, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tasker_core' AND datname = current_database()")
		eventually(t, "the session ends", func() bool { return sessions(t, observer, "true") == 0 })
		ask(t, p, "SELECT 1::text")
	}
}

func TestClosingUnderPressureEndsEveryCallAndComesToAnEnd(t *testing.T) {
	database := scratch(t)
	observer := connect(t, database)
	for range 20 {
		p := open(t, settings(database))
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				for {
					if _, err := p.Query(context.Background(), reading("SELECT 1::text")); err != nil {
						assert.ErrorIs(t, err, context.Canceled)
						return
					}
				}
			})
		}
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		p.Close()
		assert.Less(t, time.Since(began), time.Second)
		wait.Wait()
		eventually(t, "no session is left", func() bool { return sessions(t, observer, "true") == 0 })
	}
}

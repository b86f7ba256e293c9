package pool

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After a write that took long, pgx can leave a goroutine in a read of the idle
// connection. The look at it must not wait for that read.
func TestTheLookAtAConnectionWaitsForNoReader(t *testing.T) {
	url := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, url, "TASKER_CORE_TEST_DATABASE_URL is not set: run bin/test, which starts a PostgreSQL")
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	socket := conn.PgConn().Conn()
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		_, _ = socket.Read(make([]byte, 1))
	}()
	time.Sleep(20 * time.Millisecond)

	answer := make(chan bool, 1)
	go func() {
		alive, err := quiet(context.Background(), conn)
		answer <- alive && err == nil
	}()
	select {
	case alive := <-answer:
		assert.True(t, alive)
	case <-time.After(5 * time.Second):
		assert.Fail(t, "it waits for the reader")
	}
	require.NoError(t, socket.SetReadDeadline(time.Now()))
	<-reading
}

package pool_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

func databaseURL(t testing.TB) string {
	t.Helper()
	text := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, text,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	return text
}

// scratch makes a database for one test, dropped afterwards.
func scratch(t *testing.T) string {
	t.Helper()
	server := databaseURL(t)
	name := "tasker_core_pool_" + strings.ToLower(rand.Text())
	exec(t, connect(t, server), "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { exec(t, connect(t, server), "DROP DATABASE "+name+" WITH (FORCE)") })
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	return address.String()
}

func connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql)
	require.NoError(t, err, sql)
}

func settings(database string) pool.Settings {
	return pool.Settings{DatabaseURL: database, MaxConnections: 4, ExecMode: "cache_statement", AcquireTimeout: 5 * time.Second}
}

func open(t testing.TB, settings pool.Settings) *pool.Pool {
	t.Helper()
	p, err := pool.New(settings)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func reading(sql string) store.Statement { return store.Statement{Name: "reading", SQL: sql} }

func ask(t testing.TB, p store.Driver, sql string) string {
	t.Helper()
	rows, err := p.Query(context.Background(), reading(sql))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return *rows[0][0]
}

// sessions counts the pool's sessions that the server has, by what they do.
func sessions(t testing.TB, conn *pgx.Conn, condition string) (count int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(context.Background(),
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tasker_core' AND "+condition).Scan(&count))
	return count
}

// eventually waits for what another process has to do first.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 10*time.Second, 5*time.Millisecond, what)
}

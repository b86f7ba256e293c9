package conformance_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

// serverURL is the server of the tests.
func serverURL(t *testing.T) string {
	t.Helper()
	text := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, text,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	return text
}

// emptyDatabase makes a database for one test, dropped afterwards, and gives its URL.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	server := serverURL(t)
	name := "tasker_core_conformance_" + strings.ToLower(rand.Text())
	exec(t, connect(t, server), "CREATE DATABASE "+name+" TEMPLATE template0")
	t.Cleanup(func() { exec(t, connect(t, server), "DROP DATABASE "+name+" WITH (FORCE)") })
	return change(t, server, func(u *url.URL, _ url.Values) { u.Path = "/" + name })
}

// installedDatabase makes one with the engine's schema.
func installedDatabase(t *testing.T) string {
	t.Helper()
	database := emptyDatabase(t)
	conn := connect(t, database)
	for _, statement := range schema.Statements() {
		exec(t, conn, statement.SQL)
	}
	return database
}

// withOptions gives a URL whose sessions begin with settings.
func withOptions(t *testing.T, database, options string) string {
	t.Helper()
	return change(t, database, func(_ *url.URL, query url.Values) { query.Set("options", options) })
}

func change(t *testing.T, text string, edit func(*url.URL, url.Values)) string {
	t.Helper()
	address, err := url.Parse(text)
	require.NoError(t, err)
	query := address.Query()
	edit(address, query)
	// To PostgreSQL a plus sign in a URL is a plus sign.
	address.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return address.String()
}

func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, arguments ...any) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql, arguments...)
	require.NoError(t, err, sql)
}

func readFile(t *testing.T, parts ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "..", "..", ".."}, parts...)...))
	require.NoError(t, err)
	return content
}

func readJSON(t *testing.T, into any, parts ...string) {
	t.Helper()
	require.NoError(t, json.Unmarshal(readFile(t, parts...), into))
}

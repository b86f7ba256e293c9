package schema_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

// connect opens the server of TASKER_CORE_TEST_DATABASE_URL, in UTC as the engine's
// applications are. database, where given, replaces the one in the URL.
func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	url := os.Getenv("TASKER_CORE_TEST_DATABASE_URL")
	require.NotEmpty(t, url,
		"TASKER_CORE_TEST_DATABASE_URL is not set: these tests need a real PostgreSQL. Run bin/test, which starts one.")
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	if database != "" {
		config.Database = database
	}
	config.RuntimeParams["timezone"] = "UTC"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// emptyDatabase makes a database for one test and drops it afterwards.
func emptyDatabase(t *testing.T) *pgx.Conn {
	t.Helper()
	server := connect(t, "")
	name := "tasker_core_schema_" + rand.Text()
	quoted := pgx.Identifier{name}.Sanitize()
	exec(t, server, "CREATE DATABASE "+quoted+" TEMPLATE template0")
	t.Cleanup(func() { exec(t, connect(t, ""), "DROP DATABASE "+quoted+" WITH (FORCE)") })
	return connect(t, name)
}

// installedDatabase makes a database with the engine's schema for one test.
func installedDatabase(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := emptyDatabase(t)
	install(t, conn)
	return conn
}

func install(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, statement := range schema.Statements() {
		_, err := conn.Exec(context.Background(), statement.SQL)
		require.NoError(t, err, statement.Name)
	}
}

func exec(t *testing.T, conn *pgx.Conn, sql string, arguments ...any) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql, arguments...)
	require.NoError(t, err, sql)
}

// readText runs a statement that answers with one text.
func readText(t *testing.T, conn *pgx.Conn, sql string, arguments ...any) string {
	t.Helper()
	var text string
	require.NoError(t, conn.QueryRow(context.Background(), sql, arguments...).Scan(&text), sql)
	return text
}

func readCatalog(t *testing.T, conn *pgx.Conn) schema.Catalog {
	t.Helper()
	catalog, err := schema.ParseCatalog([]byte(readText(t, conn, schema.CatalogSQL())))
	require.NoError(t, err)
	return catalog
}

func readFingerprints(t *testing.T, conn *pgx.Conn) schema.Fingerprints {
	t.Helper()
	found, err := schema.ParseFingerprints([]byte(readText(t, conn, schema.FingerprintSQL())))
	require.NoError(t, err)
	return found
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	return readFile(t, filepath.Join("..", "..", "..", "..", "spec", "fixtures", "parity", name))
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	return string(readFile(t, filepath.Join("testdata", name)))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return content
}

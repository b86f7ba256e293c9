package schema_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

func TestInstalledCatalogueEqualsTheRecordedOneInEveryDetail(t *testing.T) {
	var recorded schema.Catalog
	content := bytes.ReplaceAll(fixture(t, "schema-catalog.json"), []byte(" ON public."), []byte(" ON "))
	require.NoError(t, json.Unmarshal(content, &recorded))
	require.Len(t, recorded.Tables, 13)
	require.Len(t, recorded.Functions, 9)

	live := readCatalog(t, installedDatabase(t))

	assert.Equal(t, sorted(recorded), sorted(live))
	assert.Equal(t, sorted(recorded), sorted(schema.Expected()), "the embedded catalogue")
	assert.Empty(t, schema.Compare(recorded, live))
}

func TestInstallsIntoTheSchemaThatIsCurrent(t *testing.T) {
	conn := emptyDatabase(t)
	exec(t, conn, "CREATE SCHEMA tenant")
	exec(t, conn, "SET search_path TO tenant, public")
	install(t, conn)

	assert.Empty(t, schema.Compare(schema.Expected(), readCatalog(t, conn)))
	assert.Contains(t, readText(t, conn, schema.NonEmptySQL()), "table tasker_tasks")
	exec(t, conn, "SET search_path TO public")
	assert.Empty(t, readText(t, conn, schema.NonEmptySQL()))
	assert.Empty(t, readCatalog(t, conn).Tables)
}

func TestEveryStatementHasItsOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, statement := range schema.Statements() {
		assert.NotContains(t, seen, statement.Name)
		assert.NotContains(t, statement.SQL, "public.")
		assert.False(t, strings.HasSuffix(statement.SQL, ";"), statement.Name)
		seen[statement.Name] = true
	}
	tables := slices.DeleteFunc(slices.Collect(maps.Keys(seen)), func(name string) bool { return !strings.HasPrefix(name, "table ") })
	assert.Len(t, tables, 13)
	assert.Contains(t, seen, "view "+schema.ViewName)
	assert.Contains(t, seen, "function get_slowest_tasks_v01")
}

func TestNonEmptyNamesWhatIsInTheWay(t *testing.T) {
	conn := emptyDatabase(t)
	exec(t, conn, "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
	exec(t, conn, "CREATE TABLE orders (id bigint)")
	assert.Empty(t, readText(t, conn, schema.NonEmptySQL()))

	exec(t, conn, "CREATE TABLE tasker_tasks (task_id bigserial)")
	exec(t, conn, "CREATE SEQUENCE tasker_left_over")
	exec(t, conn, "CREATE FUNCTION get_system_health_counts_v01() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
	assert.Equal(t,
		"function get_system_health_counts_v01, sequence tasker_left_over, table tasker_tasks",
		readText(t, conn, schema.NonEmptySQL()))
}

func TestInstallationCanBeTakenBackWhole(t *testing.T) {
	conn := emptyDatabase(t)
	inTransaction(t, conn, func() {
		install(t, conn)
		assert.NotEmpty(t, readText(t, conn, schema.NonEmptySQL()))
	})
	assert.Empty(t, readText(t, conn, schema.NonEmptySQL()))
}

func TestASecondInstallationIsRefusedByTheDatabase(t *testing.T) {
	conn := installedDatabase(t)
	_, err := conn.Exec(context.Background(), schema.Statements()[0].SQL)
	assert.ErrorContains(t, err, "already exists")
}

// sorted puts lists without a meaning in their order into one; columns keep theirs.
func sorted(catalog schema.Catalog) schema.Catalog {
	byName := func(a, b schema.Object) int { return strings.Compare(a.Name, b.Name) }
	for _, table := range catalog.Tables {
		slices.SortFunc(table.Indexes, byName)
		slices.SortFunc(table.Constraints, byName)
	}
	slices.SortFunc(catalog.Functions, func(a, b schema.Function) int { return strings.Compare(a.Name, b.Name) })
	return catalog
}

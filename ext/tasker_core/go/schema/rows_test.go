package schema_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

var rows = []schema.Row{
	schema.TaskNamespace{}, schema.NamedTask{}, schema.DependentSystem{},
	schema.DependentSystemObjectMap{}, schema.NamedStep{}, schema.NamedTaskNamedStep{},
	schema.Task{}, schema.TaskTransition{}, schema.AnnotationType{}, schema.TaskAnnotation{},
	schema.WorkflowStep{}, schema.WorkflowStepEdge{}, schema.WorkflowStepTransition{},
}

func TestEveryTableHasARowTypeWithItsColumns(t *testing.T) {
	var tables []string
	for _, row := range rows {
		tables = append(tables, row.Table())
		expected := schema.Expected().Tables[row.Table()]
		kind := reflect.TypeOf(row)
		require.Equal(t, len(expected.Columns), kind.NumField(), row.Table())
		for i, column := range expected.Columns {
			field := kind.Field(i)
			assert.Equal(t, column.Name, field.Tag.Get("db"), row.Table())
			assert.Equal(t, goType(column), field.Type, "%s.%s", row.Table(), column.Name)
		}
	}
	assert.ElementsMatch(t, schema.TableNames(), tables)
}

func TestRowsCanBeReadByTheirTags(t *testing.T) {
	conn := installedDatabase(t)
	exec(t, conn, `INSERT INTO tasker_task_namespaces (name, created_at, updated_at)
		VALUES ('payments', '2026-01-02 03:04:05.678901', '1970-01-01')`)
	result, err := conn.Query(context.Background(), `SELECT task_namespace_id, name, description,
		(extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
		(extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at FROM tasker_task_namespaces`)
	require.NoError(t, err)
	row, err := pgx.CollectExactlyOneRow(result, pgx.RowToStructByName[schema.TaskNamespace])
	require.NoError(t, err)
	assert.Equal(t, schema.TaskNamespace{TaskNamespaceID: 1, Name: "payments", CreatedAt: 1767323045678901}, row)
}

func TestColumnNamesComeInStoredOrder(t *testing.T) {
	assert.Equal(t,
		[]string{"id", "from_step_id", "to_step_id", "name", "created_at", "updated_at"},
		schema.ColumnNames("tasker_workflow_step_edges"))
	assert.Nil(t, schema.ColumnNames("orders"))
	assert.Len(t, schema.TableNames(), 13)
}

func goType(column schema.Column) reflect.Type {
	var kind reflect.Type
	switch {
	case column.Type == "json" || column.Type == "jsonb":
		return reflect.TypeFor[json.RawMessage]()
	case column.Type == "bigint":
		kind = reflect.TypeFor[int64]()
	case column.Type == "integer":
		kind = reflect.TypeFor[int32]()
	case column.Type == "boolean":
		kind = reflect.TypeFor[bool]()
	case strings.HasPrefix(column.Type, "timestamp"):
		kind = reflect.TypeFor[schema.Micros]()
	default:
		kind = reflect.TypeFor[string]()
	}
	if !column.NotNull {
		return reflect.PointerTo(kind)
	}
	return kind
}

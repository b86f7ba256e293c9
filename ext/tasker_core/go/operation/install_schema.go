package operation

import (
	"context"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// SchemaNotEmptyError says that install_schema found tables of the engine.
type SchemaNotEmptyError struct {
	// Found names what is in the way, such as "table tasker_tasks".
	Found string
}

func (e *SchemaNotEmptyError) Error() string {
	return fmt.Sprintf("the schema is not empty: it has %s already; install into an empty schema, or run the engine's migrations on this one",
		e.Found)
}

// InstallSchema creates the engine's tables, indexes, view and functions in the
// current schema, which must have none of them. schema_migrations is left alone.
// It gives the names of the statements that ran.
func InstallSchema(ctx context.Context, driver store.Driver) ([]string, error) {
	rows, err := driver.Query(ctx, store.Statement{Name: "schema_tables", SQL: schema.NonEmptySQL()})
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] == nil {
		return nil, &store.FormatError{Want: "one text", Got: "something else"}
	}
	if found := *rows[0][0]; found != "" {
		return nil, &SchemaNotEmptyError{Found: found}
	}
	statements := schema.Statements()
	installed := make([]string, len(statements))
	for i, statement := range statements {
		installed[i] = statement.Name
		// A statement's name tells recorded answers apart.
		if _, err := driver.Query(ctx, store.Statement{Name: "install " + statement.Name, SQL: statement.SQL, Write: true}); err != nil {
			return nil, err
		}
	}
	return installed, nil
}

package store

import (
	"context"
	"fmt"
)

// ParentsSatisfied tells whether no parent of a step holds it back; true for a
// step without parents.
func ParentsSatisfied(ctx context.Context, driver Driver, stepID int64) (bool, error) {
	return satisfied(ctx, driver, "step_parents_satisfied",
		`SELECT (`+parentsSatisfied+`)::text FROM (SELECT $1::bigint AS workflow_step_id) AS object`, stepID)
}

// StepsSatisfied tells whether no step of a task holds it back; true for a task
// without steps.
func StepsSatisfied(ctx context.Context, driver Driver, taskID int64) (bool, error) {
	return satisfied(ctx, driver, "task_steps_satisfied",
		`SELECT (`+stepsSatisfied+`)::text FROM (SELECT $1::bigint AS task_id) AS object`, taskID)
}

func satisfied(ctx context.Context, driver Driver, name, sql string, id int64) (bool, error) {
	rows, err := driver.Query(ctx, Statement{Name: name, SQL: sql, Params: []*string{Int(id)}})
	if err != nil {
		return false, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] == nil {
		return false, &FormatError{Want: "one boolean", Got: fmt.Sprintf("%d rows", len(rows))}
	}
	return *rows[0][0] == "true", nil
}

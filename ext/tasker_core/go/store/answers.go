package store

import (
	"context"
	"fmt"
)

// Answers are statements whose one value is the answer: what runs them has nothing to
// decide. Their parameter is an id.
var (
	// StepState is the current state of a step; no row for an unknown id. A blank one counts
	// as pending, as in the engine's machine.
	StepState = Statement{Name: "current_step_state", SQL: `SELECT CASE
    WHEN btrim(coalesce(audit.to_state, ''), E' \t\n\v\f\r') = '' THEN 'pending' ELSE audit.to_state END
FROM tasker_workflow_steps object
LEFT JOIN tasker_workflow_step_transitions audit ON audit.workflow_step_id = object.workflow_step_id AND audit.most_recent
WHERE object.workflow_step_id = $1::bigint`}
	// TaskState is the current state of a task; no row for an unknown id.
	TaskState = Statement{Name: "current_task_state", SQL: `SELECT coalesce(audit.to_state, 'pending')
FROM tasker_tasks object
LEFT JOIN tasker_task_transitions audit ON audit.task_id = object.task_id AND audit.most_recent
WHERE object.task_id = $1::bigint`}
	// StepParentsSatisfied tells whether no parent of a step holds it back; true for a step
	// without parents.
	StepParentsSatisfied = Statement{Name: "step_parents_satisfied",
		SQL: `SELECT (` + parentsSatisfied + `)::text FROM (SELECT (SELECT $1::bigint) AS workflow_step_id) AS object`}
	// TaskStepsSatisfied tells whether no step of a task holds it back; true for a task
	// without steps.
	TaskStepsSatisfied = Statement{Name: "task_steps_satisfied",
		SQL: `SELECT (` + stepsSatisfied + `)::text FROM (SELECT (SELECT $1::bigint) AS task_id) AS object`}
)

// CurrentState runs StepState or TaskState; "" for an unknown id.
func CurrentState(ctx context.Context, driver Driver, statement Statement, id int64) (string, error) {
	rows, err := driver.Query(ctx, statement.With(Int(id)))
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return value(rows)
}

// Satisfied runs StepParentsSatisfied or TaskStepsSatisfied.
func Satisfied(ctx context.Context, driver Driver, statement Statement, id int64) (bool, error) {
	rows, err := driver.Query(ctx, statement.With(Int(id)))
	if err != nil {
		return false, err
	}
	text, err := value(rows)
	return text == "true", err
}

func value(rows Rows) (string, error) {
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] == nil {
		return "", &FormatError{Want: "one value", Got: fmt.Sprintf("%d rows", len(rows))}
	}
	return *rows[0][0], nil
}

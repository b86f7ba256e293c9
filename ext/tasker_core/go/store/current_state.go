package store

import "context"

var currentStateSQL = map[string]string{
	"step": `SELECT t.to_state FROM tasker_workflow_steps s
LEFT JOIN tasker_workflow_step_transitions t ON t.workflow_step_id = s.workflow_step_id AND t.most_recent
WHERE s.workflow_step_id = $1::bigint`,
	"task": `SELECT t.to_state FROM tasker_tasks s
LEFT JOIN tasker_task_transitions t ON t.task_id = s.task_id AND t.most_recent
WHERE s.task_id = $1::bigint`,
}

// CurrentState reads to_state of the most recent audit row of a task or step,
// nil without one; exists is false for an unknown id.
func CurrentState(ctx context.Context, driver Driver, machine string, id int64) (state *string, exists bool, err error) {
	rows, err := driver.Query(ctx, Statement{Name: "current_" + machine + "_state", SQL: currentStateSQL[machine], Params: []*string{Int(id)}})
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	if len(rows[0]) != 1 {
		return nil, false, &FormatError{Want: "one column", Got: "several"}
	}
	return rows[0][0], true, nil
}

package store

import (
	"context"
	_ "embed"
	"strings"
)

//go:embed stuck_steps.sql
var stuckStepsTemplate string

//go:embed reset_stuck_steps.sql
var resetStuckStepsTemplate string

//go:embed stuck_tasks.sql
var stuckTasksSQL string

// stuckColumns are what both statements about steps answer.
const stuckColumns = `array_agg(step.id ORDER BY step.id)::text, array_agg(step.task_id ORDER BY step.id)::text,
  array_agg(named.name ORDER BY step.id)::text,
  array_agg(encode(timestamp_send(step.since), 'hex') ORDER BY step.id)::text,
  array_agg(step.attempts ORDER BY step.id)::text, array_agg(step.retry_limit ORDER BY step.id)::text`

var (
	stuckStepsSQL = `SELECT ` + stuckColumns + ` FROM (
` + strings.NewReplacer("{{lock}}", "").Replace(stuckStepsTemplate) + `) AS step
JOIN tasker_named_steps named ON named.named_step_id = step.named_step_id`

	resetStuckStepsSQL = strings.NewReplacer(
		"{{stuck}}", strings.NewReplacer("{{lock}}", "FOR UPDATE OF audit").Replace(stuckStepsTemplate),
		"{{increment}}", sortKeyIncrement, "{{columns}}", stuckColumns).Replace(resetStuckStepsTemplate)
)

// StuckSteps are steps by column, in ascending order of ID.
type StuckSteps struct {
	ID         []int64
	TaskID     []int64
	Name       []*string
	Since      []NullInt
	Attempts   []NullInt
	RetryLimit []NullInt
	// State is what a reset left them in, empty where nothing was reset.
	State []*string
}

// StuckTasks are tasks by column, in ascending order of ID.
type StuckTasks struct {
	ID   []int64
	Name []*string
	// Since is the last sign of life.
	Since []NullInt
}

// ResetSteps asks to take stuck steps from their workers.
type ResetSteps struct {
	// OlderThan is in microseconds.
	OlderThan int64
	Now       *string
	// Metadata and Results are JSON objects.
	Metadata string
	Results  string
}

// FindStuckSteps reads the steps that are in_progress for longer than some
// microseconds.
func FindStuckSteps(ctx context.Context, driver Driver, olderThan int64) (*StuckSteps, error) {
	rows, err := driver.Query(ctx, Statement{Name: "stuck_steps", SQL: stuckStepsSQL, Params: []*string{Int(olderThan)}})
	if err != nil {
		return nil, err
	}
	return decodeStuckSteps(rows, false)
}

// ResetStuckSteps takes steps from their workers, and gives those that it took.
func ResetStuckSteps(ctx context.Context, driver Driver, r ResetSteps) (*StuckSteps, error) {
	rows, err := driver.Query(ctx, Statement{
		Name: "reset_stuck_steps", SQL: resetStuckStepsSQL,
		Params: []*string{Int(r.OlderThan), r.Now, Text(r.Metadata), Text(r.Results)}, Write: true,
	})
	if err != nil {
		return nil, err
	}
	return decodeStuckSteps(rows, true)
}

func decodeStuckSteps(rows Rows, reset bool) (*StuckSteps, error) {
	columns := 6
	if reset {
		columns = 7
	}
	row, err := oneRow(rows, columns)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	steps := &StuckSteps{ID: d.ids(), TaskID: d.ids(), Name: d.texts(), Since: d.micros(), Attempts: d.ints(), RetryLimit: d.ints()}
	n := len(steps.ID)
	equal := len(steps.TaskID) == n && len(steps.Name) == n && len(steps.Since) == n && len(steps.Attempts) == n && len(steps.RetryLimit) == n
	if reset {
		steps.State = d.texts()
		equal = equal && len(steps.State) == n
	}
	if d.err == nil && !equal {
		d.err = &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	return steps, d.err
}

// FindStuckTasks reads the tasks whose run was cut short between two steps.
func FindStuckTasks(ctx context.Context, driver Driver, olderThan int64) (*StuckTasks, error) {
	rows, err := driver.Query(ctx, Statement{Name: "stuck_tasks", SQL: stuckTasksSQL, Params: []*string{Int(olderThan)}})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 3)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	tasks := &StuckTasks{ID: d.ids(), Name: d.texts(), Since: d.micros()}
	if n := len(tasks.ID); d.err == nil && (len(tasks.Name) != n || len(tasks.Since) != n) {
		d.err = &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	return tasks, d.err
}

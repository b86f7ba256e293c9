package store

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"strings"
)

//go:embed transition.sql
var transitionTemplate string

//go:embed transition_one.sql
var transitionOneTemplate string

// Transition asks to move tasks or steps to another state.
type Transition struct {
	// Machine is "task" or "step".
	Machine string
	IDs     []int64
	// Sources are the states from which the target may be reached.
	Sources []string
	To      string
	// Guarded asks for the target's guard: parents satisfied for a step, all
	// steps satisfied for a task.
	Guarded bool
	// Metadata is a JSON object.
	Metadata string
	// Now is the time to write, as text of a timestamp without time zone in the
	// zone of the stored columns; nil for the database's LOCALTIMESTAMP.
	Now *string
}

// TransitionRow is the result for one task or step.
type TransitionRow struct {
	ID int64
	// State and Guard are what the statement saw before it wrote.
	State string
	Guard bool
	// RowID and SortKey are the new audit row's; nothing was written if not Valid.
	RowID   NullInt
	SortKey NullInt
}

// UnpairedError says that audit rows were cleared for which no new one could be
// written. The caller must roll back.
type UnpairedError struct {
	Machine string
	IDs     []int64
}

func (e *UnpairedError) Error() string {
	return fmt.Sprintf("another process wrote an audit row for one of the %ss %v at the same time; the transaction must be rolled back", e.Machine, e.IDs)
}

// TransitionOf is the statement of WriteOne, without its parameters: the id, Sources, To,
// Metadata and Now.
func TransitionOf(machine string, guarded bool) Statement {
	return Statement{Name: "transition_" + machine, SQL: transitionOneSQL[transitionKind{machine, guarded}], Write: true}
}

// WriteOne moves one task or step, whatever IDs holds; nil where it does not exist.
func WriteOne(ctx context.Context, driver Driver, t Transition, id int64) (*TransitionRow, error) {
	return writeOne(ctx, driver, TransitionOf(t.Machine, t.Guarded), t, id)
}

func writeOne(ctx context.Context, driver Driver, statement Statement, t Transition, id int64) (*TransitionRow, error) {
	rows, err := driver.Query(ctx, statement.With(
		Int(id), Texts(t.Sources), Text(t.To), Text(cmp.Or(t.Metadata, "{}")), t.Now))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	text, err := value(rows)
	if err != nil {
		return nil, err
	}
	s := scanner{text: text}
	row := TransitionRow{ID: s.integer(), Guard: s.field() == 1}
	cleared := s.field()
	if s.next(',') {
		row.RowID = NullInt{Value: s.field(), Valid: true}
		row.SortKey = NullInt{Value: s.field(), Valid: true}
	}
	s.expect(' ')
	if s.err != nil {
		return nil, s.err
	}
	row.State = text[s.at:]
	if cleared > 0 && !row.RowID.Valid {
		return nil, &UnpairedError{Machine: t.Machine, IDs: []int64{id}}
	}
	return &row, nil
}

// CompletionOfTask is TransitionOf for a task that becomes complete, its column with it.
var CompletionOfTask = Statement{Name: "complete_task", SQL: completeTaskSQL, Write: true}

// CompleteTask moves a task to complete, together with its column. The parameters are those
// of WriteOne.
func CompleteTask(ctx context.Context, driver Driver, t Transition, id int64) (*TransitionRow, error) {
	return writeOne(ctx, driver, CompletionOfTask, t, id)
}

// WriteTransition moves tasks or steps and tells for each that exists what was
// seen and written, in ascending order of id.
func WriteTransition(ctx context.Context, driver Driver, t Transition) ([]TransitionRow, error) {
	rows, err := driver.Query(ctx, Statement{
		Name:   "transition_" + t.Machine,
		SQL:    transitionSQL[transitionKind{t.Machine, t.Guarded}],
		Params: []*string{Ints(t.IDs), Texts(t.Sources), Text(t.To), Text(cmp.Or(t.Metadata, "{}")), t.Now},
		Write:  true,
	})
	if err != nil {
		return nil, err
	}
	row, err := packedRow(rows, 6)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	ids, states, guards, rowIDs, sortKeys, unpaired := d.ids(), d.texts(), d.ints(), d.ints(), d.ints(), d.next()
	if d.err != nil {
		return nil, d.err
	}
	if n := len(ids); len(states) != n || len(guards) != n || len(rowIDs) != n || len(sortKeys) != n {
		return nil, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	if unpaired == nil || *unpaired != "0" {
		return nil, &UnpairedError{Machine: t.Machine, IDs: t.IDs}
	}
	answer := make([]TransitionRow, len(ids))
	for i := range answer {
		answer[i] = TransitionRow{ID: ids[i], Guard: guards[i].Value == 1, RowID: rowIDs[i], SortKey: sortKeys[i]}
		if states[i] != nil {
			answer[i].State = *states[i]
		}
	}
	return answer, nil
}

type transitionKind struct {
	machine string
	guarded bool
}

// unsatisfied is true for a state that holds back whatever waits for it.
const unsatisfied = `coalesce(seen_parent.to_state, 'pending') NOT IN ('complete', 'resolved_manually')`

const unsatisfiedParents = `SELECT FROM tasker_workflow_step_edges edge
    LEFT JOIN tasker_workflow_step_transitions seen_parent
      ON seen_parent.workflow_step_id = edge.from_step_id AND seen_parent.most_recent
    WHERE edge.to_step_id = object.workflow_step_id AND ` + unsatisfied

const parentsSatisfied = `NOT EXISTS (
    ` + unsatisfiedParents + `)`

const stepsSatisfied = `NOT EXISTS (
    SELECT FROM tasker_workflow_steps part
    LEFT JOIN tasker_workflow_step_transitions seen_parent
      ON seen_parent.workflow_step_id = part.workflow_step_id AND seen_parent.most_recent
    WHERE part.task_id = object.task_id AND ` + unsatisfied + `)`

// The statements, for many and for one.
var transitionSQL, transitionOneSQL = everyTransition(transitionTemplate), everyTransition(transitionOneTemplate)

// The task's row is locked first, as by the engine, which writes its column before the audit row.
var completeTaskSQL = taskTables.fill(transitionOneTemplate, stepsSatisfied, "\n  FOR NO KEY UPDATE OF object", `, completed AS (
  UPDATE tasker_tasks task SET complete = true, updated_at = coalesce($5::timestamp, LOCALTIMESTAMP)
  FROM inserted WHERE task.task_id = $1::bigint
)`)

func everyTransition(template string) map[transitionKind]string {
	step := func(guard string) string { return stepTables.fill(template, guard, "", "") }
	task := func(guard string) string { return taskTables.fill(template, guard, "", "") }
	return map[transitionKind]string{
		{"step", false}: step("true"), {"step", true}: step(parentsSatisfied),
		{"task", false}: task("true"), {"task", true}: task(stepsSatisfied),
	}
}

// machineTables is where the rows of a machine are, and how a row's state reads.
type machineTables struct{ objects, transitions, id, state string }

var (
	stepTables = machineTables{"tasker_workflow_steps", "tasker_workflow_step_transitions", "workflow_step_id",
		`coalesce(nullif(btrim(audit.to_state), ''), 'pending')`}
	taskTables = machineTables{"tasker_tasks", "tasker_task_transitions", "task_id", `coalesce(audit.to_state, 'pending')`}
)

// fill makes a statement of a template: with a guard, a lock of the object's row, and another
// part that writes.
func (t machineTables) fill(template, guard, lock, also string) string {
	return compact(strings.NewReplacer("{{objects}}", t.objects, "{{transitions}}", t.transitions, "{{id}}", t.id,
		"{{state}}", t.state, "{{guard}}", guard, "{{lock}}", lock, "{{also}}", also,
		"{{increment}}", sortKeyIncrement).Replace(template))
}

// sortKeyIncrement is the distance of sort keys, as lifecycle.SortKeyIncrement.
const sortKeyIncrement = "10"

package store

import (
	"context"
	_ "embed"
	"strings"
)

//go:embed task_definitions.sql
var taskDefinitionsSQL string

//go:embed create_task_names.sql
var createTaskNamesSQL string

//go:embed create_task_templates.sql
var createTaskTemplatesSQL string

//go:embed create_task_links.sql
var createTaskLinksSQL string

//go:embed create_task.sql
var createTaskTemplate string

var createTaskSQL = strings.ReplaceAll(createTaskTemplate, "{{increment}}", sortKeyIncrement)

// ChannelCreated tells a listener in Rails that a task waits to be enqueued. The payload is
// its id.
const ChannelCreated = "tasker_core_created"

// Definitions name what a task refers to, its steps by column.
type Definitions struct {
	Namespace string
	Task      string
	Version   string
	Systems   []string
	Steps     []string
	// What a named task notes of steps that it did not have.
	Retryable   []bool
	RetryLimits []int64
	Skippable   []bool
}

// DefinitionIDs are the rows of what a task refers to.
type DefinitionIDs struct {
	NamedTask  NullInt
	NamedSteps []NullInt
	// Unlinked is how many of the steps the named task does not have noted.
	Unlinked int64
}

// Complete tells whether everything is there.
func (d *DefinitionIDs) Complete() bool {
	for _, step := range d.NamedSteps {
		if !step.Valid {
			return false
		}
	}
	return d.NamedTask.Valid && d.Unlinked == 0
}

// FindDefinitions reads them.
func FindDefinitions(ctx context.Context, driver Driver, d Definitions) (*DefinitionIDs, error) {
	rows, err := driver.Query(ctx, Statement{Name: "task_definitions", SQL: taskDefinitionsSQL,
		Params: []*string{Text(d.Namespace), Text(d.Task), Text(d.Version), Texts(d.Systems), Texts(d.Steps)}})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 3)
	if err != nil {
		return nil, err
	}
	decode := decoder{row: row}
	found := &DefinitionIDs{NamedTask: decode.integer(), NamedSteps: decode.ints(), Unlinked: decode.integer().Value}
	if decode.err == nil && len(found.NamedSteps) != len(d.Steps) {
		decode.err = &FormatError{Want: "a named step for each step", Got: "another number"}
	}
	return found, decode.err
}

// CreateDefinitions makes those that are missing, with three statements however many they
// are.
func CreateDefinitions(ctx context.Context, driver Driver, d Definitions, now *string) error {
	for _, statement := range []Statement{
		{Name: "create_task_names", SQL: createTaskNamesSQL, Params: []*string{Text(d.Namespace), Texts(d.Systems), now}},
		{Name: "create_task_templates", SQL: createTaskTemplatesSQL,
			Params: []*string{Text(d.Namespace), Text(d.Task), Text(d.Version), Texts(d.Systems), Texts(d.Steps), now}},
		{Name: "create_task_links", SQL: createTaskLinksSQL,
			Params: []*string{Text(d.Namespace), Text(d.Task), Text(d.Version), Texts(d.Systems), Texts(d.Steps),
				Bools(d.Retryable), Ints(d.RetryLimits), Bools(d.Skippable), now}},
	} {
		statement.Write = true
		if _, err := driver.Query(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// NewTask is a task to be written, its steps by column. JSON is text.
type NewTask struct {
	NamedTask    int64
	Initiator    string
	SourceSystem string
	Reason       string
	BypassSteps  string
	Tags         string
	Context      string
	Now          *string
	// Identity is the given identity; otherwise the parts to hash: the text up to the minute, the
	// minute, nil for that of Now, and the text behind it. Without both it is a random UUID.
	Identity   *string
	HashedText *string
	Minute     *string
	HashedEnd  string

	NamedSteps  []int64
	Retryable   []bool
	RetryLimits []int64
	Skippable   []bool
	Inputs      []*string
	// Sources and Targets are places of steps between which there are edges.
	Sources []int64
	Targets []int64

	// Channel is notified when the transaction commits.
	Channel string
	// Pending is the metadata of an audit row that says pending; nil for no such row.
	Pending *string
}

// WrittenTask is the result of creating a task.
type WrittenTask struct {
	// ID is not Valid where nothing was written: another task has the same identity.
	ID       NullInt
	Identity string
	// CreatedAt is in microseconds.
	CreatedAt NullInt
	// StepIDs are in the order of the steps.
	StepIDs []int64
	// Same is the other task, as far as it can be seen.
	Same NullInt
}

// WriteTask writes a task with all that belongs to it, in one statement.
func WriteTask(ctx context.Context, driver Driver, t NewTask) (*WrittenTask, error) {
	rows, err := driver.Query(ctx, Statement{Name: "create_task", SQL: createTaskSQL, Write: true,
		Params: []*string{Int(t.NamedTask), Text(t.Initiator), Text(t.SourceSystem), Text(t.Reason), Text(t.BypassSteps),
			Text(t.Tags), Text(t.Context), t.Now, t.Identity, t.HashedText, t.Minute, Text(t.HashedEnd),
			Ints(t.NamedSteps), Bools(t.Retryable), Ints(t.RetryLimits), Bools(t.Skippable), NullTexts(t.Inputs),
			Ints(t.Sources), Ints(t.Targets), Text(t.Channel), t.Pending}})
	if err != nil {
		return nil, err
	}
	row, err := oneRow(rows, 6)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	written := &WrittenTask{ID: d.integer(), Identity: d.text(), CreatedAt: d.nullInstant(), StepIDs: d.ids(), Same: d.integer()}
	if d.err == nil && written.ID.Valid && len(written.StepIDs) != len(t.NamedSteps) {
		d.err = &FormatError{Want: "an id for each step", Got: "another number"}
	}
	return written, d.err
}

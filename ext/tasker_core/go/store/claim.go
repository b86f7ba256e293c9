package store

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed claim.sql
var claimTemplate string

// eligible is what a step's own row must say for it to run now.
const eligible = `object.retryable IS NOT FALSE AND object.processed IS NOT TRUE AND object.in_process IS NOT TRUE
      AND coalesce(object.attempts, 0) < coalesce(object.retry_limit, 3)
      AND (object.backoff_request_seconds IS NULL OR object.last_attempted_at IS NULL
        OR object.last_attempted_at + object.backoff_request_seconds * interval '1 second' <= LOCALTIMESTAMP)`

var claimSQL = strings.NewReplacer("{{guard}}", parentsSatisfied, "{{eligible}}", eligible,
	"{{increment}}", sortKeyIncrement).Replace(claimTemplate)

// Claim is what became of a claim. Without a token nothing was written, and the
// other fields say what was in the way.
type Claim struct {
	Token   NullInt
	SortKey NullInt
	// Versions are the row versions of the step and its parents when it was claimed.
	Versions  map[int64]int64
	State     string
	Guard     bool
	Eligible  bool
	TaskState string
}

// ClaimStep moves a step from pending to in_progress for one run; nil for an
// unknown step.
func ClaimStep(ctx context.Context, driver Driver, stepID int64, now *string) (*Claim, error) {
	rows, err := driver.Query(ctx, Statement{Name: "claim_step", SQL: claimSQL, Params: []*string{Int(stepID), now}, Write: true})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row, err := packedRow(rows, 9)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	claim := &Claim{Token: d.integer(), SortKey: d.integer(), Versions: d.versions(),
		State: d.text(), Guard: d.text() == "true", Eligible: d.text() == "true", TaskState: d.text()}
	if d.text() == "true" && d.err == nil {
		return nil, &UnpairedError{Machine: "step", IDs: []int64{stepID}}
	}
	return claim, d.err
}

//go:embed finish.sql
var finishTemplate string

// Column is a column of tasker_workflow_steps with the text of its new value, nil
// for NULL.
type Column struct {
	Name  string
	Value *string
}

// Finish asks to finish a claimed step.
type Finish struct {
	StepID  int64
	Token   int64
	To      string
	Now     *string
	Columns []Column
	// Attempt also writes what the engine's executor sets in a step whose handler
	// ended: attempts, last_attempted_at, in_process, processed and processed_at.
	Attempt bool
	// Metadata is a JSON object for the audit row.
	Metadata string
}

// attemptColumns counts in the row itself, so that no stale picture can miscount.
const attemptColumns = `, attempts = coalesce(step.attempts, 0) + 1,
    last_attempted_at = coalesce($4::timestamp, LOCALTIMESTAMP), in_process = false, processed = $3::text = 'complete',
    processed_at = CASE WHEN $3::text = 'complete' THEN coalesce($4::timestamp, LOCALTIMESTAMP) ELSE step.processed_at END`

// Finished is what became of it. Without a RowID the claim no longer held and
// nothing was written; State is the step's state then.
type Finished struct {
	RowID                 NullInt
	SortKey               NullInt
	Version               int64
	Attempts              NullInt
	RetryLimit            NullInt
	Retryable             bool
	InProcess             bool
	Processed             bool
	BackoffRequestSeconds NullInt
	LastAttemptedAt       NullInt
	At                    int64
	State                 string
	// TaskVersion is the row version of the step's task.
	TaskVersion NullInt
}

// FinishStep writes the audit row and the step's columns, if the claim holds.
func FinishStep(ctx context.Context, driver Driver, f Finish) (*Finished, error) {
	metadata := f.Metadata
	if metadata == "" {
		metadata = "{}"
	}
	assignments, values := f.assignments()
	rows, err := driver.Query(ctx, Statement{
		Name:   "finish_step",
		SQL:    strings.NewReplacer("{{increment}}", sortKeyIncrement, "{{columns}}", assignments).Replace(finishTemplate),
		Params: append([]*string{Int(f.StepID), Int(f.Token), Text(f.To), f.Now, Text(metadata)}, values...),
		Write:  true,
	})
	if err != nil {
		return nil, err
	}
	row, err := packedRow(rows, 13)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	finished := &Finished{RowID: d.integer(), SortKey: d.integer(), Version: d.integer().Value,
		Attempts: d.integer(), RetryLimit: d.integer(), Retryable: d.text() == "true", InProcess: d.text() == "true",
		Processed: d.text() == "true", BackoffRequestSeconds: d.integer(), LastAttemptedAt: d.nullInstant(),
		At: d.instant(), State: d.text(), TaskVersion: d.integer()}
	return finished, d.err
}

// assignments gives ", "name" = $6, ..." and the values. The names are quoted; the
// order is fixed, so that equal sets of columns share a prepared statement.
func (f Finish) assignments() (string, []*string) {
	columns := slices.Clone(f.Columns)
	slices.SortFunc(columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	if f.Attempt {
		b.WriteString(attemptColumns)
	}
	values := make([]*string, len(columns))
	for i, column := range columns {
		fmt.Fprintf(&b, `, "%s" = $%d`, strings.ReplaceAll(column.Name, `"`, `""`), i+6)
		values[i] = column.Value
	}
	return b.String(), values
}

func versionsByID(ids, versions []int64) map[int64]int64 {
	byID := make(map[int64]int64, len(ids))
	for i, id := range ids {
		byID[id] = versions[i]
	}
	return byID
}

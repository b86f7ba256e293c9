package store

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed finish.sql
var finishTemplate string

//go:embed finish_and_claim.sql
var finishAndClaimTemplate string

// claimedColumns are what finish_and_claim.sql adds to the answer of finish.sql.
const claimedColumns = `,
  (SELECT id::text FROM claimed), (SELECT sort_key::text FROM claimed), (SELECT ids FROM next), (SELECT versions FROM next)`

// How many columns finish.sql answers, and how many more with a claim.
const (
	finishColumns = 13
	claimColumns  = 4
)

var (
	finishSQL         = fillFinish("", "")
	finishAndClaimSQL = fillFinish(strings.NewReplacer("{{guard}}", "NOT EXISTS ("+unsatisfiedParents+" AND edge.from_step_id <> $1::bigint)", "{{eligible}}", eligible,
		"{{increment}}", sortKeyIncrement).Replace(finishAndClaimTemplate), claimedColumns)
)

// fillFinish leaves the columns to be filled in.
func fillFinish(claim, claimed string) string {
	return strings.NewReplacer("{{claim}}", claim, "{{claimed}}", claimed, "{{increment}}", sortKeyIncrement).Replace(finishTemplate)
}

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
	// Claim is another step of the task, to be claimed with this one's completion.
	Claim NullInt
}

// attemptColumns counts in the row itself, so that no stale picture can miscount.
const attemptColumns = `, attempts = coalesce(step.attempts, 0) + 1,
    last_attempted_at = coalesce($4::timestamp, LOCALTIMESTAMP), in_process = false, processed = $3::text = 'complete',
    processed_at = CASE WHEN $3::text = 'complete' THEN coalesce($4::timestamp, LOCALTIMESTAMP) ELSE step.processed_at END`

// Finished is the result of writing an outcome. Without a RowID the claim no longer held and
// nothing was written; State is then the step's state.
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
	// Claim is the result of the other step's claim; it has no token if it was refused. Its versions
	// are those of the step and of its parents except the finished one.
	Claim Claim
}

// FinishStep writes the audit row and the step's columns, if the claim holds, and
// claims another step with it where that is possible without waiting.
func FinishStep(ctx context.Context, driver Driver, f Finish) (*Finished, error) {
	metadata := f.Metadata
	if metadata == "" {
		metadata = "{}"
	}
	statement := Statement{Name: "finish_step", SQL: finishSQL, Write: true,
		Params: []*string{Int(f.StepID), Int(f.Token), Text(f.To), f.Now, Text(metadata)}}
	columns := finishColumns
	if f.Claim.Valid {
		statement.Name, statement.SQL, columns = "finish_and_claim_step", finishAndClaimSQL, finishColumns+claimColumns
		statement.Params = append(statement.Params, f.Claim.param())
	}
	assignments, values := f.assignments(len(statement.Params) + 1)
	statement.SQL = strings.Replace(statement.SQL, "{{columns}}", assignments, 1)
	statement.Params = append(statement.Params, values...)
	rows, err := driver.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	row, err := packedRow(rows, columns)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	finished := &Finished{RowID: d.integer(), SortKey: d.integer(), Version: d.integer().Value,
		Attempts: d.integer(), RetryLimit: d.integer(), Retryable: d.text() == "true", InProcess: d.text() == "true",
		Processed: d.text() == "true", BackoffRequestSeconds: d.integer(), LastAttemptedAt: d.nullInstant(),
		At: d.instant(), State: d.text(), TaskVersion: d.integer()}
	if f.Claim.Valid {
		finished.Claim = Claim{Token: d.integer(), SortKey: d.integer(), Versions: d.versions()}
	}
	return finished, d.err
}

// assignments gives ", "name" = $6, ..." and the values, numbered from first on. The
// names are quoted; the order is fixed, so that equal sets of columns share a prepared
// statement.
func (f Finish) assignments(first int) (string, []*string) {
	columns := slices.Clone(f.Columns)
	slices.SortFunc(columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	if f.Attempt {
		b.WriteString(attemptColumns)
	}
	values := make([]*string, len(columns))
	for i, column := range columns {
		fmt.Fprintf(&b, `, "%s" = $%d`, strings.ReplaceAll(column.Name, `"`, `""`), first+i)
		values[i] = column.Value
	}
	return b.String(), values
}

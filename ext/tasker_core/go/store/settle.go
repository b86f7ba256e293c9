package store

import (
	"context"
	_ "embed"
)

//go:embed settle.sql
var settleSQL string

// Lost is a claim or an outcome whose answer was lost.
type Lost struct {
	StepID int64
	// Token is that of the claim by which the step was to be finished; none where the
	// claim itself was lost.
	Token NullInt
	// Now is the time that was to be written.
	Now string
	// Claim is the step that was to be claimed with the completion.
	Claim NullInt
}

// Settled is what the database has of it.
type Settled struct {
	// RowID, SortKey, State and At are of the step's most recent audit row. Without one
	// there is no RowID, and the state is pending.
	RowID   NullInt
	SortKey NullInt
	State   string
	At      NullInt
	// OfThen tells that the row has the time that was to be written.
	OfThen bool
	// TokenSortKey is of the row of the token, TokenHolds that it is the most recent one.
	TokenSortKey NullInt
	TokenHolds   bool
	// TaskVersion is the row version of the step's task.
	TaskVersion int64
	// Claim has a token where the same statement claimed the other step.
	Claim Claim
}

// Settle finds out whether a statement whose answer was lost was executed; nil for an unknown step.
func Settle(ctx context.Context, driver Driver, lost Lost) (*Settled, error) {
	rows, err := driver.Query(ctx, Statement{Name: "settle_step", SQL: settleSQL,
		Params: []*string{Int(lost.StepID), lost.Token.param(), Text(lost.Now), lost.Claim.param()}})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row, err := packedRow(rows, 12)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	settled := &Settled{RowID: d.integer(), SortKey: d.integer(), State: d.text(), At: d.nullInstant(), OfThen: d.text() == "true",
		TokenSortKey: d.integer(), TokenHolds: d.text() == "true", TaskVersion: d.integer().Value,
		Claim: Claim{Token: d.integer(), SortKey: d.integer(), Versions: d.versions()}}
	return settled, d.err
}

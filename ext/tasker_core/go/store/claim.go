package store

import (
	"context"
	_ "embed"
	"strings"
)

//go:embed claim.sql
var claimTemplate string

// eligible is what a step's own row must say for it to run now.
const eligible = `object.retryable IS NOT FALSE AND object.processed IS NOT TRUE AND object.in_process IS NOT TRUE
      AND coalesce(object.attempts, 0) < coalesce(object.retry_limit, 3)
      AND (object.backoff_request_seconds IS NULL OR object.last_attempted_at IS NULL
        OR object.last_attempted_at + object.backoff_request_seconds * interval '1 second' <= LOCALTIMESTAMP)`

var (
	claimSQL = fillClaim("'{}'")
	// workerClaimSQL records the claimant; see HeldSteps.
	workerClaimSQL = fillClaim("jsonb_build_object('claim', $3::text)")
)

func fillClaim(metadata string) string {
	return strings.NewReplacer("{{guard}}", parentsSatisfied, "{{eligible}}", eligible, "{{increment}}", sortKeyIncrement,
		"{{metadata}}", metadata).Replace(claimTemplate)
}

// Claim is the result of a claim. Without a token nothing was written; if the step was claimed
// alone, the fields below Versions give the reason.
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
	return queryClaim(ctx, driver, Statement{Name: "claim_step", SQL: claimSQL, Params: []*string{Int(stepID), now}, Write: true})
}

// ClaimStepAs does the same for a worker, and notes in the claim's row by which id
// HeldSteps finds it.
func ClaimStepAs(ctx context.Context, driver Driver, stepID int64, claimID string, now *string) (*Claim, error) {
	return queryClaim(ctx, driver, Statement{Name: "claim_step", SQL: workerClaimSQL,
		Params: []*string{Int(stepID), now, Text(claimID)}, Write: true})
}

func queryClaim(ctx context.Context, driver Driver, statement Statement) (*Claim, error) {
	rows, err := driver.Query(ctx, statement)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row, err := packedRow(rows, 8)
	if err != nil {
		return nil, err
	}
	d := decoder{row: row}
	claim := &Claim{Token: d.integer(), SortKey: d.integer(), Versions: d.versions(),
		State: d.text(), Guard: d.text() == "true", Eligible: d.text() == "true", TaskState: d.text()}
	return claim, d.err
}

func versionsByID(ids, versions []int64) map[int64]int64 {
	byID := make(map[int64]int64, len(ids))
	for i, id := range ids {
		byID[id] = versions[i]
	}
	return byID
}

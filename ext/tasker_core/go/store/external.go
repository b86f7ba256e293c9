package store

import (
	"context"
	_ "embed"
	"strconv"
	"strings"
)

var (
	//go:embed worker_steps.sql
	workerStepsTemplate string
	//go:embed ready_steps.sql
	readySteps string
	//go:embed held_steps.sql
	heldSteps string

	readyStepsSQL = fillWorkerSteps(readySteps)
	heldStepsSQL  = fillWorkerSteps(heldSteps)
)

func fillWorkerSteps(found string) string {
	template := strings.Replace(workerStepsTemplate, "{{found}}", found, 1)
	return strings.NewReplacer("{{guard}}", parentsSatisfied, "{{eligible}}", eligible).Replace(template)
}

// The channels of LISTEN and NOTIFY between the host of a workflow and the workers
// outside of it. The payload is a task's id.
const (
	// ChannelReady tells workers that steps of theirs can run.
	ChannelReady = "tasker_core_ready"
	// ChannelFinished tells the host that a worker has finished a step.
	ChannelFinished = "tasker_core_finished"
)

// StepHandlers name the steps that a worker has handlers for, by column.
type StepHandlers struct {
	Namespaces []string
	Tasks      []string
	// Versions are empty for any.
	Versions []string
	Steps    []string
}

// WorkerStep is a step that can run now, or that a worker holds, with what its handler
// reads. JSON is as the database has it, to the last digit.
type WorkerStep struct {
	// Handler is the place of its handler among those that were asked for.
	Handler    int64
	Version    string
	ID         int64
	TaskID     int64
	State      string
	TaskState  string
	Attempts   int64
	RetryLimit int64
	Context    *string
	Inputs     *string
	Results    *string
	// Parents is an object: the parents' results by name; nil without parents.
	Parents *string
	// Token is the id of the claim's audit row; 0 if no worker holds the step.
	Token int64
}

// LockReadySteps gives steps that can run now and locks their rows. rules is the
// version of the readiness rules.
func LockReadySteps(ctx context.Context, driver Driver, handlers StepHandlers, rules, limit int64) ([]WorkerStep, error) {
	return workerSteps(ctx, driver, Statement{Name: "lock_ready_steps", SQL: readyStepsSQL, Write: true,
		Params: append(handlers.params(), Int(rules), Int(limit))})
}

// HeldSteps gives the steps that claims of an id hold, see ClaimStepAs.
func HeldSteps(ctx context.Context, driver Driver, handlers StepHandlers, claimID string) ([]WorkerStep, error) {
	return workerSteps(ctx, driver, Statement{Name: "held_steps", SQL: heldStepsSQL,
		Params: append(handlers.params(), Text(claimID))})
}

func (h StepHandlers) params() []*string {
	return []*string{Texts(h.Namespaces), Texts(h.Tasks), Texts(h.Versions), Texts(h.Steps)}
}

func workerSteps(ctx context.Context, driver Driver, statement Statement) ([]WorkerStep, error) {
	rows, err := driver.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	steps := make([]WorkerStep, len(rows))
	for i, row := range rows {
		if len(row) != 13 {
			return nil, &FormatError{Want: "13 columns", Got: "another number"}
		}
		d := decoder{row: row}
		steps[i] = WorkerStep{Handler: d.integer().Value - 1, Version: d.text(), ID: d.integer().Value, TaskID: d.integer().Value,
			State: d.text(), TaskState: d.text(), Attempts: d.integer().Value, RetryLimit: d.integer().Value,
			Context: d.next(), Inputs: d.next(), Results: d.next(), Parents: d.next(),
			Token: d.integer().Value}
		if d.err != nil {
			return nil, d.err
		}
	}
	return steps, nil
}

// RenewClaims records that the holder of these claims is alive, and returns those that still hold.
// With stopping it also records that the worker is shutting down.
func RenewClaims(ctx context.Context, driver Driver, tokens []int64, stopping bool, now *string) ([]int64, error) {
	rows, err := driver.Query(ctx, Statement{
		Name: "renew_claims",
		SQL: `WITH held AS (
  SELECT id FROM tasker_workflow_step_transitions
  WHERE id = ANY ($1::bigint[]) AND most_recent AND to_state = 'in_progress' ORDER BY id FOR NO KEY UPDATE
), renewed AS (
  UPDATE tasker_workflow_step_transitions audit SET updated_at = coalesce($2::timestamp, LOCALTIMESTAMP),
    metadata = CASE WHEN $3::boolean THEN coalesce(audit.metadata, '{}') || '{"worker": "stopping"}' ELSE audit.metadata END
  FROM held WHERE audit.id = held.id RETURNING audit.id
)
SELECT array_agg(id)::text FROM renewed`,
		Params: []*string{Ints(tokens), now, Text(strconv.FormatBool(stopping))}, Write: true,
	})
	if err != nil {
		return nil, err
	}
	lists, err := idLists(rows, 1)
	if err != nil {
		return nil, err
	}
	return append([]int64{}, lists[0]...), nil
}

// The answers of BeginClaim and ClaimState.
const (
	// ClaimBegun: this runner may execute the handler, and no other runner will.
	ClaimBegun = "begun"
	// ClaimTaken is one whose handler another runner has begun.
	ClaimTaken = "taken"
	// ClaimHeld is one whose result would be written.
	ClaimHeld = "held"
	// ClaimStopping is held, by a worker that has been asked to end.
	ClaimStopping = "stopping"
	// ClaimLost is one whose result would be refused.
	ClaimLost = "lost"
)

// BeginClaim records which runner executes the handler of a claimed step: one for each claim. The
// same runner gets the same answer again.
func BeginClaim(ctx context.Context, driver Driver, token int64, runner string) (string, error) {
	return claimText(ctx, driver, Statement{
		Name: "begin_claim",
		SQL: `WITH held AS (
  SELECT id, coalesce(metadata ->> 'runner', $2::text) AS runner FROM tasker_workflow_step_transitions
  WHERE id = $1::bigint AND most_recent AND to_state = 'in_progress' FOR NO KEY UPDATE
), begun AS (
  UPDATE tasker_workflow_step_transitions audit
  SET metadata = coalesce(audit.metadata, '{}') || jsonb_build_object('runner', $2::text)
  FROM held WHERE audit.id = held.id AND held.runner = $2::text RETURNING audit.id
)
SELECT coalesce((SELECT CASE WHEN runner = $2::text THEN 'begun' ELSE 'taken' END FROM held), 'lost')`,
		Params: []*string{Int(token), Text(runner)}, Write: true,
	})
}

// ClaimState reads the state of a claim and changes nothing.
func ClaimState(ctx context.Context, driver Driver, token int64) (string, error) {
	return claimText(ctx, driver, Statement{
		Name: "claim_state",
		SQL: `SELECT coalesce((SELECT CASE metadata ->> 'worker' WHEN 'stopping' THEN 'stopping' ELSE 'held' END
  FROM tasker_workflow_step_transitions WHERE id = $1::bigint AND most_recent AND to_state = 'in_progress'), 'lost')`,
		Params: []*string{Int(token)},
	})
}

func claimText(ctx context.Context, driver Driver, statement Statement) (string, error) {
	rows, err := driver.Query(ctx, statement)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return "", &FormatError{Want: "one value", Got: "another number"}
	}
	d := decoder{row: rows[0]}
	return d.text(), d.err
}

// NotifyStep notifies the listeners of a channel of a step's task when the transaction commits;
// false if the step belongs to another task.
func NotifyStep(ctx context.Context, driver Driver, channel string, taskID, stepID int64) (bool, error) {
	rows, err := driver.Query(ctx, Statement{Name: "notify",
		SQL: `SELECT pg_notify($1::text, task_id::text)::text FROM tasker_workflow_steps
WHERE workflow_step_id = $3::bigint AND task_id = $2::bigint`,
		Params: []*string{Text(channel), Int(taskID), Int(stepID)}, Write: true})
	return len(rows) == 1, err
}

package conformance_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// A run claims, finishes and claims on with every driver, in transactions and, with a
// host, without any: each of its writes is one statement that takes effect as a whole.
func TestEveryDriverRunsALine(t *testing.T) {
	database := installedDatabase(t)
	conn := connect(t, database)
	core, err := operation.NewCore(config.Defaults(), &telemetry.Log{Logger: zap.NewNop()})
	require.NoError(t, err)
	eachRunner(t, database, func(t *testing.T, run runner) {
		for name, ask := range map[string]func(work) error{"as it is": run.read, "in a transaction": run.write} {
			t.Run(name, func(t *testing.T) { runLine(t, conn, &line{t: t, core: core, ask: ask}) })
		}
	})
}

// line is a session whose calls are made in one way.
type line struct {
	t       *testing.T
	core    *operation.Core
	ask     func(work) error
	session int64
}

func runLine(t *testing.T, conn *pgx.Conn, l *line) {
	t.Helper()
	task := stuckWorkflow(t, conn, 3, 0)
	exec(t, conn, `DELETE FROM tasker_workflow_step_transitions WHERE workflow_step_id IN (SELECT workflow_step_id FROM tasker_workflow_steps WHERE task_id = $1)`, task)
	exec(t, conn, `UPDATE tasker_workflow_steps SET in_process = false WHERE task_id = $1`, task)
	exec(t, conn, `INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
		SELECT workflow_step_id, workflow_step_id + 1, 'provides', now(), now() FROM (SELECT workflow_step_id,
			row_number() OVER (ORDER BY workflow_step_id) AS place FROM tasker_workflow_steps WHERE task_id = $1) AS step WHERE place < 3`, task)
	steps := l.open(task)
	now := "2026-01-02 03:04:05.678901"
	var claim *operation.ClaimResult
	l.do(func(driver store.Driver) (err error) {
		claim, err = operation.SessionClaim(context.Background(), l.core, driver, l.session, steps[0], &now)
		return err
	})
	for i, step := range steps {
		require.Equal(t, lifecycle.Allowed, claim.Code, claim.Message)
		request := operation.FinishRequest{Session: l.session, StepID: step, To: lifecycle.Complete, Now: &now, Attempt: true,
			Columns: []store.Column{{Name: "results", Value: store.Text(`{"n": 1}`)}}}
		if claim.Follow != 0 {
			request.Claim = store.NullInt{Value: claim.Follow, Valid: true}
		}
		finish := l.finish(request)
		require.Equal(t, lifecycle.Allowed, finish.Code, finish.Message)
		settled := l.settle(operation.SettleRequest{Session: l.session, StepID: step, To: lifecycle.Complete, Now: now,
			Claim: request.Claim, Token: store.NullInt{Value: claim.Token, Valid: true}})
		assert.Equal(t, finish.RowID, settled.RowID)
		assert.Equal(t, finish.TaskVersion, settled.TaskVersion)
		if claim = finish.Claim; i < 2 {
			require.Equal(t, steps[i+1], request.Claim.Value)
			assert.Equal(t, claim.Token, settled.Claim.Token)
		}
	}
	require.Nil(t, claim)
	assert.Equal(t, []string{"in_progress", "complete,complete,complete"}, states(t, conn, task))
}

func (l *line) do(run work) {
	l.t.Helper()
	require.NoError(l.t, l.ask(run))
}

func (l *line) open(task int64) (steps []int64) {
	l.t.Helper()
	var view *operation.SessionView
	l.do(func(driver store.Driver) (err error) {
		view, err = operation.OpenSession(context.Background(), l.core, driver, orchestration.Options{Rules: readiness.V02}, task)
		return err
	})
	l.session = view.Session
	for _, step := range view.Steps {
		steps = append(steps, step.WorkflowStepID)
	}
	return steps
}

func (l *line) finish(request operation.FinishRequest) (result *operation.FinishResult) {
	l.t.Helper()
	l.do(func(driver store.Driver) (err error) {
		result, err = operation.SessionFinish(context.Background(), l.core, driver, request)
		return err
	})
	return result
}

func (l *line) settle(request operation.SettleRequest) (result *operation.FinishResult) {
	l.t.Helper()
	l.do(func(driver store.Driver) (err error) {
		result, err = operation.SessionSettle(context.Background(), l.core, driver, request)
		return err
	})
	return result
}

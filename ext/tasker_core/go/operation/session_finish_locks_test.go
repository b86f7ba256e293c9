package operation_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

// impatient is a pool on which waiting for a lock fails: the locks of these tests are
// held until the statement has come back.
func (b testbed) impatient(t *testing.T) *pool.Pool { return b.with(t, "-c lock_timeout=200ms") }

// connect opens a connection that plays somebody else.
func (b testbed) connect(t *testing.T) *pgx.Conn { return connect(t, b.url) }

// Whoever works on the step that is to be claimed is not waited for.
func TestACompletionNeverWaitsForTheStepThatItWouldClaim(t *testing.T) {
	b := newTestbed(t, 100)
	impatient := b.impatient(t)
	claimFirst := func(conn *pgx.Conn, steps []int64) error {
		_, err := store.ClaimStep(ctx, bare{conn}, steps[1], &written)
		return err
	}
	for name, c := range map[string]struct {
		// hold is run in a transaction that stays open.
		hold func(conn *pgx.Conn, steps []int64) error
		// claimed tells that what is held is nothing to the claim.
		claimed bool
		edges   [][2]int
	}{
		"its row, for update":        {hold: locking("tasker_workflow_steps", 1, "UPDATE")},
		"its row, for no key update": {hold: locking("tasker_workflow_steps", 1, "NO KEY UPDATE")},
		"its row, for share":         {hold: locking("tasker_workflow_steps", 1, "SHARE")},
		"its row, for key share":     {hold: locking("tasker_workflow_steps", 1, "KEY SHARE")},
		"its row, updated":           {hold: running(1, `UPDATE tasker_workflow_steps SET updated_at = now() WHERE workflow_step_id = $1`)},
		"its row, deleted":           {hold: running(1, `DELETE FROM tasker_workflow_steps WHERE workflow_step_id = $1`)},
		"an audit row, inserted": {hold: running(1, `INSERT INTO tasker_workflow_step_transitions
			(workflow_step_id, to_state, sort_key, most_recent, created_at, updated_at) VALUES ($1, 'cancelled', 10, true, now(), now())`)},
		"a claim": {hold: claimFirst},
		"a transition": {hold: func(conn *pgx.Conn, steps []int64) error {
			_, err := operation.TransitionMany(ctx, bare{conn}, operation.TransitionRequest{Machine: lifecycle.Step, IDs: steps[1:2], To: lifecycle.Cancelled})
			return err
		}},
		"a worker that looks for steps": {hold: func(conn *pgx.Conn, steps []int64) error {
			_, err := store.LockReadySteps(ctx, bare{conn}, handlersFor("s2"), int64(readiness.V02), 1000)
			return err
		}},
		"another parent": {hold: locking("tasker_workflow_steps", 2, "UPDATE"), claimed: true, edges: [][2]int{{0, 1}, {2, 1}}},
		"another parent's audit row": {hold: locking("tasker_workflow_step_transitions", 2, "UPDATE"), claimed: true,
			edges: [][2]int{{0, 1}, {2, 1}}},
		"the task": {claimed: true, hold: running(1, `SELECT FROM tasker_tasks JOIN tasker_workflow_steps step USING (task_id)
			WHERE workflow_step_id = $1 FOR UPDATE OF tasker_tasks`)},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.workflow(t, 3, c.edges...)
			b.move(t, steps[2], "complete")
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			other := b.connect(t)
			exec(t, other, "BEGIN")
			require.NoError(t, c.hold(other, steps))

			finish, err := operation.SessionFinish(ctx, b.core, impatient, finishing(session, steps[0], steps[1]))
			require.NoError(t, err)
			require.Equal(t, lifecycle.Allowed, finish.Code)
			exec(t, other, "ROLLBACK")
			require.Equal(t, "in_progress complete", b.states(t, steps[0]))
			if c.claimed {
				require.Equal(t, lifecycle.Allowed, finish.Claim.Code)
				return
			}
			requireNotClaimed(t, finish)
			require.Equal(t, lifecycle.Allowed, b.claim(t, session, steps[1]).Code, "it was left as it was")
		})
	}
}

// The audit row of a step that was in a state before is not looked at twice.
func TestACompletionNeverWaitsForAnAuditRow(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.workflow(t, 2)
	b.move(t, steps[1], "pending")
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	other := b.connect(t)
	exec(t, other, "BEGIN")
	require.NoError(t, locking("tasker_workflow_step_transitions", 1, "UPDATE")(other, steps))
	finish, err := operation.SessionFinish(ctx, b.core, b.impatient(t), finishing(session, steps[0], steps[1]))
	require.NoError(t, err)
	require.Equal(t, lifecycle.Allowed, finish.Code)
	requireNotClaimed(t, finish)
}

func locking(table string, step int, strength string) func(*pgx.Conn, []int64) error {
	return running(step, `SELECT FROM `+table+` WHERE workflow_step_id = $1 FOR `+strength)
}

func running(step int, sql string) func(*pgx.Conn, []int64) error {
	return func(conn *pgx.Conn, steps []int64) error {
		_, err := conn.Exec(ctx, sql, steps[step])
		return err
	}
}

// bare is the driver of a connection whose transactions the test itself begins.
type bare struct{ conn *pgx.Conn }

func (d bare) Query(ctx context.Context, statement store.Statement) (store.Rows, error) {
	arguments := []any{pgx.QueryResultFormats{pgx.TextFormatCode}}
	for _, param := range statement.Params {
		if param == nil {
			arguments = append(arguments, nil)
		} else {
			arguments = append(arguments, *param)
		}
	}
	answer, err := d.conn.Query(ctx, statement.SQL, arguments...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(answer, func(row pgx.CollectableRow) ([]*string, error) {
		texts := make([]*string, len(row.RawValues()))
		for i, value := range row.RawValues() {
			if value != nil {
				texts[i] = store.Text(string(value))
			}
		}
		return texts, nil
	})
}

// An audit row is in the unique index before its foreign key locks the step. Our own
// statements lock the step first, so that nobody comes in between.
func TestACompletionDoesNotMeetAnAuditRowHalfWritten(t *testing.T) {
	b := newTestbed(t, 10)
	impatient := b.impatient(t)
	// Between the insertion and the check of the foreign key, whose trigger has a name
	// further down in the alphabet.
	exec(t, b.conn, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF current_setting('test.hold', true) = 'on' THEN PERFORM pg_advisory_xact_lock(4711); END IF; RETURN NULL; END $$`)
	exec(t, b.conn, `CREATE TRIGGER "A_hold" AFTER INSERT ON tasker_workflow_step_transitions FOR EACH ROW EXECUTE FUNCTION hold()`)
	for name, write := range map[string]func(conn *pgx.Conn, step int64) error{
		"a claim": func(conn *pgx.Conn, step int64) error {
			_, err := store.ClaimStep(ctx, bare{conn}, step, &written)
			return err
		},
		"a transition": func(conn *pgx.Conn, step int64) error {
			_, err := operation.TransitionMany(ctx, bare{conn}, operation.TransitionRequest{Machine: lifecycle.Step, IDs: []int64{step}, To: lifecycle.InProgress})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			task, steps := b.workflow(t, 2)
			session := b.open(t, task)
			b.claim(t, session, steps[0])
			other := b.connect(t)
			exec(t, other, "SET test.hold = 'on'")
			exec(t, b.conn, "SELECT pg_advisory_lock(4711)")
			wrote := make(chan error, 1)
			go func() { wrote <- write(other, steps[1]) }()
			b.awaitWaiting(t, other)

			finish, err := operation.SessionFinish(ctx, b.core, impatient, finishing(session, steps[0], steps[1]))
			exec(t, b.conn, "SELECT pg_advisory_unlock(4711)")
			require.NoError(t, err)
			require.Equal(t, lifecycle.Allowed, finish.Code)
			requireNotClaimed(t, finish)
			require.NoError(t, <-wrote)
			require.Equal(t, "in_progress", b.states(t, steps[1]))
		})
	}
}

// awaitWaiting returns when a session waits for a lock.
func (b testbed) awaitWaiting(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for waiting := "false"; waiting != "true"; {
		waiting = b.text(t, `SELECT (wait_event_type IS NOT DISTINCT FROM 'Lock')::text FROM pg_stat_activity WHERE pid = $1`, conn.PgConn().PID())
	}
}

// Somebody who holds the next step and waits for the finished one makes no deadlock.
func TestACompletionMakesNoDeadlockWithWhoHoldsTheNextStep(t *testing.T) {
	b := newTestbed(t, 1)
	task, steps := b.line(t, 2)
	session := b.open(t, task)
	b.claim(t, session, steps[0])
	other, own := connect(t, b.url), b.connect(t)
	exec(t, other, "BEGIN")
	require.NoError(t, locking("tasker_workflow_steps", 1, "UPDATE")(other, steps))
	exec(t, own, "BEGIN")
	exec(t, own, "SET LOCAL lock_timeout = '200ms'")
	require.NoError(t, locking("tasker_workflow_steps", 0, "UPDATE")(own, steps))
	updated := make(chan error, 1)
	go func() {
		updated <- running(0, `UPDATE tasker_workflow_steps SET updated_at = now() WHERE workflow_step_id = $1`)(other, steps)
	}()
	b.awaitWaiting(t, other)

	finish, err := operation.SessionFinish(ctx, b.core, bare{own}, finishing(session, steps[0], steps[1]))
	require.NoError(t, err)
	require.Equal(t, lifecycle.Allowed, finish.Code)
	requireNotClaimed(t, finish)
	exec(t, own, "COMMIT")
	require.NoError(t, <-updated)
	exec(t, other, "COMMIT")
}

package conformance_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

// work is what a driver is asked for: an operation, or some statements.
type work func(store.Driver) error

// runner runs operations the way one kind of host does.
type runner interface {
	// read runs an operation that reads.
	read(work) error
	// write runs an operation inside a transaction.
	write(work) error
	// takenBack runs operations in one transaction, which is rolled back then.
	takenBack(t *testing.T, do func(ask func(work)))
}

// eachRunner runs a test with the host driver, and with the pool in every mode.
func eachRunner(t *testing.T, database string, test func(t *testing.T, run runner)) {
	t.Helper()
	t.Run("host", func(t *testing.T) { test(t, newHostRunner(t, database)) })
	for _, mode := range slices.Sorted(maps.Keys(pool.ExecModes)) {
		t.Run("pool/"+mode, func(t *testing.T) { test(t, newPoolRunner(t, database, mode)) })
	}
}

// errTakenBack ends a transaction whose rows must not be visible.
var errTakenBack = errors.New("taken back by the test")

type poolRunner struct{ pool *pool.Pool }

func newPoolRunner(t *testing.T, database, mode string) poolRunner {
	t.Helper()
	connections, err := pool.New(pool.Settings{
		DatabaseURL: database, MaxConnections: 4, ExecMode: mode, AcquireTimeout: 5 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(connections.Close)
	return poolRunner{connections}
}

func (p poolRunner) read(run work) error { return run(p.pool) }

func (p poolRunner) write(run work) error {
	return store.InTransaction(context.Background(), p.pool, run)
}

func (p poolRunner) takenBack(t *testing.T, do func(ask func(work))) {
	t.Helper()
	require.ErrorIs(t, p.write(func(driver store.Driver) error {
		do(func(run work) { require.NoError(t, run(driver)) })
		return errTakenBack
	}), errTakenBack)
}

// hostRunner plays a host: it runs what the core asks for on its own connection
// and calls again with the answers. Its session's formats are unusual, so that a
// statement which depends on them is found out.
type hostRunner struct{ conn *pgx.Conn }

func newHostRunner(t *testing.T, database string) hostRunner {
	t.Helper()
	conn := connect(t, database)
	exec(t, conn, "SET timezone = 'UTC'")
	exec(t, conn, "SET datestyle = 'SQL, DMY'")
	exec(t, conn, "SET intervalstyle = 'iso_8601'")
	exec(t, conn, "SET bytea_output = 'escape'")
	return hostRunner{conn}
}

func (h hostRunner) read(run work) error {
	var answers []host.Answer
	for {
		driver := host.New(answers)
		err := store.InTransaction(context.Background(), driver, run)
		if !errors.Is(err, host.ErrParked) {
			return err
		}
		answers = append(answers, h.answer(driver.Pending()))
	}
}

func (h hostRunner) write(run work) error {
	if _, err := h.conn.Exec(context.Background(), "BEGIN"); err != nil {
		return err
	}
	err := h.read(run)
	end := "COMMIT"
	if err != nil {
		end = "ROLLBACK"
	}
	if _, endErr := h.conn.Exec(context.Background(), end); err == nil {
		err = asStoreError(endErr)
	}
	return err
}

func (h hostRunner) takenBack(t *testing.T, do func(ask func(work))) {
	t.Helper()
	exec(t, h.conn, "BEGIN")
	defer exec(t, h.conn, "ROLLBACK")
	do(func(run work) { require.NoError(t, h.read(run)) })
}

func (h hostRunner) answer(statement *store.Statement) host.Answer {
	params := make([][]byte, len(statement.Params))
	for i, param := range statement.Params {
		if param != nil {
			params[i] = []byte(*param)
		}
	}
	result := h.conn.PgConn().ExecParams(context.Background(), statement.SQL, params, nil, nil, nil).Read()
	answer := host.Answer{Statement: statement.Name, Rows: store.Rows{}}
	if result.Err != nil {
		errors.As(asStoreError(result.Err), &answer.Failure)
		return answer
	}
	for _, row := range result.Rows {
		texts := make([]*string, len(row))
		for i, value := range row {
			if value != nil {
				texts[i] = store.Text(string(value))
			}
		}
		answer.Rows = append(answer.Rows, texts)
	}
	return answer
}

func asStoreError(err error) error {
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		return &store.Error{SQLState: reported.Code, Message: reported.Message}
	}
	return err
}

// ask runs one statement.
func ask(run runner, statement store.Statement) (rows store.Rows, err error) {
	ask := run.read
	if statement.Write {
		ask = run.write
	}
	err = ask(func(driver store.Driver) (err error) {
		rows, err = driver.Query(context.Background(), statement)
		return err
	})
	return rows, err
}

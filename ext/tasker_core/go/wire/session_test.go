package wire

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

const lineOfThree = `
INSERT INTO tasker_task_namespaces (task_namespace_id, name, created_at, updated_at) VALUES (1, 'n', now(), now());
INSERT INTO tasker_named_tasks (named_task_id, name, created_at, updated_at) VALUES (1, 't', now(), now());
INSERT INTO tasker_dependent_systems (dependent_system_id, name, created_at, updated_at) VALUES (1, 's', now(), now());
INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name, created_at, updated_at)
  SELECT n, 1, 's' || n, now(), now() FROM generate_series(1, 3) n;
INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at) VALUES (7, 1, now(), '7', now(), now());
INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, created_at, updated_at)
  SELECT named_step_id, 7, named_step_id, now(), now() FROM tasker_named_steps;
INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name, created_at, updated_at)
  VALUES (1, 2, 'provides', now(), now()), (2, 3, 'provides', now(), now())`

// statementHost runs what the core asks for on a connection of its own, each statement as it is:
// nothing begins a transaction.
type statementHost struct {
	t    *testing.T
	core *operation.Core
	conn *pgx.Conn
	ran  []string
	// lose is the name of a statement whose answer is lost.
	lose string
}

func newHost(t *testing.T) *statementHost {
	t.Helper()
	database := installedDatabase(t)
	exec(t, database, lineOfThree)
	conn, err := pgx.Connect(context.Background(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &statementHost{t: t, core: openCore(t, ""), conn: conn}
}

func (h *statementHost) ask(operation string, with arguments) any {
	h.t.Helper()
	answers := []any{}
	for {
		got := dispatched(h.t, h.core, operation, with, answers)
		switch got.Kind {
		case replyValue:
			return got.Elements[0]
		case replyError:
			return got.Elements[0].(map[string]any)["sqlstate"]
		}
		answers = append(answers, h.answer(got.Elements))
	}
}

// answer runs [name, sql, params, write].
func (h *statementHost) answer(statement []any) []any {
	h.t.Helper()
	name := statement[0].(string)
	var params [][]byte
	for _, param := range statement[2].([]any) {
		if param == nil {
			params = append(params, nil)
		} else {
			params = append(params, []byte(param.(string)))
		}
	}
	result := h.conn.PgConn().ExecParams(context.Background(), statement[1].(string), params, nil, nil, nil).Read()
	require.NoError(h.t, result.Err, name)
	if statement[3].(bool) {
		h.ran = append(h.ran, name)
	}
	if name == h.lose {
		return []any{name, nil, []any{"08006", "the connection was lost by the test"}}
	}
	rows := []any{}
	for _, row := range result.Rows {
		texts := []any{}
		for _, value := range row {
			if value == nil {
				texts = append(texts, nil)
			} else {
				texts = append(texts, string(value))
			}
		}
		rows = append(rows, texts)
	}
	return []any{name, rows, nil}
}

func (h *statementHost) open() any {
	h.t.Helper()
	return h.ask("open_session", arguments{"task_id": 7, "function_version": 2}).([]any)[0]
}

// numbers gives integers the one type that they can be compared as.
func numbers(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = numbers(t, value[i])
		}
		return list
	case nil, string, bool:
		return value
	}
	return int(asUint(t, value))
}

const then = "2026-01-02 03:04:05.678901"

func TestAHostWithoutATransactionClaimsFinishesAndClaimsAgain(t *testing.T) {
	h := newHost(t)
	session := h.open()
	claim := h.ask("session_claim", arguments{"session": session, "step_id": 1, "now": then})
	assert.Equal(t, []any{"allowed", "", 1, 10, []any{}, 2}, numbers(t, claim))
	version := int(h.taskVersion())
	for _, one := range []struct {
		step   int
		claim  any
		answer []any
	}{
		{1, 2, []any{"allowed", "", 2, 20, version, []any{"allowed", 3, 10, []any{}, 3}}},
		{2, 3, []any{"allowed", "", 4, 20, version, []any{"allowed", 5, 10, []any{}, 0}}},
		{3, nil, []any{"allowed", "", 6, 20, version, nil}},
	} {
		finish := h.ask("session_finish", arguments{"session": session, "step_id": one.step, "to": "complete", "attempt": true,
			"metadata": "{}", "columns": arguments{"results": `{"a": 1}`}, "now": then, "claim": one.claim})
		assert.Equal(t, one.answer, numbers(t, finish))
	}
	assert.Equal(t, []string{"claim_step", "finish_and_claim_step", "finish_and_claim_step", "finish_step"}, h.ran)
	late := h.ask("session_finish", arguments{"session": session, "step_id": 3, "to": "complete", "claim": 2})
	assert.Equal(t, []any{"conflict", "this run no longer holds step 3; its result was not written", 0, 0, 0,
		[]any{"not_claimed", 0, 0, []any{}, 0}}, numbers(t, late))
}

func (h *statementHost) taskVersion() (version int64) {
	require.NoError(h.t, h.conn.QueryRow(context.Background(), `SELECT xmin::text::bigint FROM tasker_tasks`).Scan(&version))
	return version
}

func TestAHostSettlesStatementsWhoseAnswersAreLost(t *testing.T) {
	h := newHost(t)
	session := h.open()
	lost := arguments{"session": session, "step_id": 1, "to": "in_progress", "now": then}
	assert.Equal(t, []any{"not_written", "nothing was written to step 1, which is pending", 0, 0, 0, nil}, numbers(t, h.ask("session_settle", lost)))
	h.lose = "claim_step"
	assert.Equal(t, "08006", h.ask("session_claim", arguments{"session": session, "step_id": 1, "now": then}))
	version := int(h.taskVersion())
	assert.Equal(t, []any{"allowed", "", 1, 10, version, nil}, numbers(t, h.ask("session_settle", lost)))

	h.lose = "finish_and_claim_step"
	assert.Equal(t, "08006", h.ask("session_finish", arguments{"session": session, "step_id": 1, "to": "complete", "now": then, "claim": 2}))
	lost = arguments{"session": session, "step_id": 1, "to": "complete", "now": then, "claim": 2}
	settled := []any{"allowed", "", 2, 20, version, []any{"allowed", 3, 10, []any{}, 0}}
	assert.Equal(t, settled, numbers(t, h.ask("session_settle", lost)))
	assert.Equal(t, []any{[]any{}, []any{}, true, false}, numbers(t, h.ask("session_next", arguments{"session": session})))
	lost["token"] = 1
	assert.Equal(t, settled, numbers(t, h.ask("session_settle", lost)), "settled again it is the same")
}

func TestACompletionWithAClaimIsTwoEvents(t *testing.T) {
	database := installedDatabase(t)
	exec(t, database, lineOfThree)
	core := openCore(t, database)
	handle := subscribed(t, core, arguments{"names": []string{"step.*"}})
	session := dispatched(t, core, "open_session", arguments{"task_id": 7, "function_version": 2}, nil).Elements[0].([]any)[0]
	for _, request := range [][]any{
		{"session_claim", arguments{"session": session, "step_id": 1}, nil},
		{"session_finish", arguments{"session": session, "step_id": 1, "to": "complete", "claim": 2}, nil},
	} {
		got := dispatched(t, core, request...)
		require.Equal(t, replyValue, got.Kind, "%v", got.Elements)
		require.Equal(t, "allowed", got.Elements[0].([]any)[0])
	}
	reader, _ := queue.Find(handle)
	batch, count, _ := reader.Drain(10)
	require.Equal(t, 3, count)
	var events [][]any
	require.NoError(t, msgpack.Unmarshal(batch, &events))
	var heard []any
	for _, event := range events {
		heard = append(heard, []any{event[1], numbers(t, event[4])})
	}
	assert.Equal(t, []any{[]any{"step.execution_requested", 1}, []any{"step.completed", 1}, []any{"step.execution_requested", 2}}, heard)
}

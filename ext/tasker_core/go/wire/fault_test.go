package wire

import (
	"bytes"
	"context"
	"fmt"
	"os"
	process "os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// faultVariable tells a child process of the test to have faults, with the connections
// of a database: the stacks of what panics go to its standard error.
const faultVariable = "WIRE_TEST_FAULTS"

func TestMain(m *testing.M) {
	if database := os.Getenv(faultVariable); database != "" {
		os.Exit(haveFaults(database))
	}
	os.Exit(m.Run())
}

// explosive panics where it is decoded or encoded.
type explosive struct{}

func (explosive) EncodeMsgpack(*msgpack.Encoder) error { panic("on purpose") }

func (*explosive) DecodeMsgpack(*msgpack.Decoder) error { panic("on purpose") }

// withFaults adds operations that panic in one place or another.
func withFaults() {
	type faulty struct {
		Session *int64 `msgpack:"session"`
	}
	operations["panic"] = handle(func(call, faulty) (any, error) { panic("on purpose") })
	operations["panic_in_value"] = handle(func(call, faulty) (any, error) { return explosive{}, nil })
	operations["panic_with_index"] = handle(func(_ call, _ faulty) (any, error) {
		var none []int
		return none[len(os.Args)], nil
	})
	operations["panic_behind_write"] = handle(func(c call, _ faulty) (any, error) {
		_, err := c.driver.Query(c.ctx, store.Statement{Name: "a_write", SQL: "UPDATE tasker_tasks SET reason = 'written'", Write: true})
		if err != nil {
			return nil, err
		}
		panic("on purpose")
	})
	operations["explosive"] = handle(func(call, struct {
		Value explosive `msgpack:"value"`
	},
	) (any, error) {
		return "never", nil
	})
	operations["shared_explosive"] = operations["explosive"]
	operations["shared_panic"] = operations["panic"]
	shares["shared_explosive"], shares["shared_panic"] = true, true
	writes["panic_behind_write"] = true
}

// haveFaults prints what each request gets, and 0 where the process came to its end.
func haveFaults(database string) int {
	withFaults()
	settings := config.Defaults()
	settings.DatabaseURL, settings.PoolMaxConnections = config.Secret(database), 1
	core, err := operation.NewCore(settings, &telemetry.Log{Logger: zap.NewNop()})
	if err != nil {
		return 1
	}
	defer core.Close()
	say := func(name string, arguments any) {
		data, err := msgpack.Marshal([]any{name, arguments, nil})
		if err != nil {
			panic(err)
		}
		var elements []any
		if err := msgpack.Unmarshal(Dispatch(context.Background(), core, data), &elements); err != nil {
			panic(err)
		}
		if failure, failed := elements[1].(map[string]any); failed && elements[0] == int8(replyError) {
			elements = []any{failure["code"]}
		}
		fmt.Println(name, elements)
	}
	for range 3 {
		for _, name := range []string{"panic", "panic_with_index", "panic_in_value", "panic_behind_write"} {
			say(name, map[string]any{})
		}
		say("explosive", map[string]any{"value": 1})
		say("shared_explosive", map[string]any{"value": 1})
		say("readiness_version", map[string]any{})
	}
	say("open_session", map[string]any{"task_id": 1, "function_version": 2})
	say("panic", map[string]any{"session": 1})
	say("session_next", map[string]any{"session": 1})
	say("open_session", map[string]any{"task_id": 1, "function_version": 2})
	say("session_next", map[string]any{"session": 2})
	func() {
		defer func() { fmt.Println("and up came:", recover()) }()
		say("shared_panic", map[string]any{})
	}()
	return 0
}

func TestAFaultIsAnErrorOfItsRequestAlone(t *testing.T) {
	database := installedDatabase(t)
	for _, statement := range []string{
		"INSERT INTO tasker_task_namespaces VALUES (1, 'default', NULL, now(), now())",
		"INSERT INTO tasker_named_tasks VALUES (1, 'work', NULL, now(), now())",
		"INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash, created_at, updated_at) VALUES (1, 1, now(), 'one', now(), now())",
	} {
		exec(t, database, statement)
	}
	command := process.Command(os.Args[0])
	command.Env = append(os.Environ(), faultVariable+"="+database)
	var said, complaint bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaint
	require.NoError(t, command.Run(), complaint.String())
	round := []string{"panic [internal]", "panic_with_index [internal]", "panic_in_value [internal]", "panic_behind_write [internal]", "explosive [internal]",
		"shared_explosive [internal]", "readiness_version [0 2]"}
	want := append(append(append([]string{}, round...), round...), round...)
	version := number(t, database, "SELECT xmin::text::bigint FROM tasker_tasks")
	want = append(want, fmt.Sprintf("open_session [0 [1 pending [] [] [] [] [] %d]]", version), "panic [internal]", "session_next [session]",
		fmt.Sprintf("open_session [0 [2 pending [] [] [] [] [] %d]]", version), "session_next [0 [[] [] false false]]", "and up came: on purpose")
	assert.Equal(t, want, strings.Split(strings.TrimSpace(said.String()), "\n"))
	assert.Zero(t, countRows(t, database, "tasker_tasks WHERE reason IS NOT NULL"), "the transaction of a fault is rolled back")
	assert.Contains(t, complaint.String(), "tasker_core: fault in the core: on purpose")
	assert.Contains(t, complaint.String(), "fault_test.go", "the stack tells where")
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// faultVariable tells a child process of the test to have a fault: what it poisons is
// the process.
const faultVariable = "CAPI_TEST_FAULT"

func TestMain(m *testing.M) {
	if os.Getenv(faultVariable) != "" {
		os.Exit(afterAFault())
	}
	os.Exit(m.Run())
}

// afterAFault writes the codes that calls get after a panic, and 0 where all is well.
func afterAFault() int {
	handle, err := open(nil)
	if err != nil {
		return 1
	}
	if os.Getenv(faultVariable) == "in a queue" {
		faulty := queue.Open(faultyQueue{})
		_, _ = fmt.Print(descriptor(faulty), " ", descriptor(faulty+1), " ")
	} else if os.Getenv(faultVariable) == "in the background" {
		_, _ = os.Stdout.WriteString(codeOf(contained(func() []byte { panic("a fault in a test") })) + " ")
	} else {
		func() {
			defer contain(nil)
			panic("a fault in a test")
		}()
	}
	_, _ = os.Stdout.WriteString(codeOf(call(context.Background(), handle, ping())) + " ")
	_, err = open(nil)
	_, _ = os.Stdout.WriteString(string(wire.FromError(err).Code))
	closeCore(handle)
	return 0
}

// faultyQueue panics where it is asked for its descriptor.
type faultyQueue struct{ queue.Reader }

func (faultyQueue) Descriptor() int { panic("a fault in a test") }

func ping() []byte {
	data, err := msgpack.Marshal([]any{"ping", map[string]any{}, []any{}})
	if err != nil {
		panic(err)
	}
	return data
}

// codeOf gives the code of an error reply, or the value of another.
func codeOf(reply []byte) string {
	var elements []any
	if err := msgpack.Unmarshal(reply, &elements); err != nil || len(elements) != 2 {
		return "no reply"
	}
	if failure, ok := elements[1].(map[string]any); ok {
		return failure["code"].(string)
	}
	return elements[1].(string)
}

func TestAPanicIsContainedAndPoisonsTheCore(t *testing.T) {
	for where, codes := range map[string]string{"in a call": "poisoned poisoned", "in the background": "poisoned poisoned poisoned",
		"in a queue": "-1 -1 poisoned poisoned"} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), faultVariable+"="+where)
		var said, complaint bytes.Buffer
		command.Stdout, command.Stderr = &said, &complaint
		require.NoError(t, command.Run(), complaint.String())
		assert.Equal(t, codes, said.String(), where)
		assert.Contains(t, complaint.String(), "tasker_core: fault in the core: a fault in a test")
		assert.Contains(t, complaint.String(), "core_test.go", "the stack tells where")
	}
}

func TestACoreIsOpenUntilItIsClosed(t *testing.T) {
	first, err := open(nil)
	require.NoError(t, err)
	second, err := open([]byte{0x80})
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	assert.NotZero(t, first)

	closeCore(first)
	closeCore(first)
	assert.Equal(t, "invalid_argument", codeOf(call(context.Background(), first, ping())))
	assert.Equal(t, "pong", codeOf(call(context.Background(), second, ping())))
	closeCore(second)
}

func TestAHandleThatWasNeverOpenedIsRefused(t *testing.T) {
	for _, handle := range []uint64{0, 1 << 40, 1<<64 - 1} {
		assert.Equal(t, "invalid_argument", codeOf(call(context.Background(), handle, ping())))
		closeCore(handle)
	}
}

func TestSettingsThatCannotBeUsedOpenNothing(t *testing.T) {
	for _, settings := range []any{map[string]any{"log_level": "loud"}, map[string]any{"colour": "red"},
		map[string]any{"database_url": "postgresql://host:port/"}, []any{1}, map[string]any{"connect_timeout": nil}, map[string]any{"": nil}} {
		data, err := msgpack.Marshal(settings)
		require.NoError(t, err)
		handle, err := open(data)
		assert.Zero(t, handle)
		assert.Equal(t, wire.CodeConfiguration, wire.FromError(err).Code, "%v", settings)
	}
}

func TestATokenCancelsItsCallWheneverItComes(t *testing.T) {
	before := len(tokens.calls)

	early := tokens.begin()
	tokens.cancel(early)
	ctx, done := tokens.use(early)
	assert.ErrorIs(t, ctx.Err(), context.Canceled, "a cancellation that came first is not lost")
	done()

	running := tokens.begin()
	ctx, done = tokens.use(running)
	assert.NoError(t, ctx.Err())
	tokens.cancel(running)
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
	done()
	tokens.cancel(running)

	ended := tokens.begin()
	_, done = tokens.use(ended)
	done()
	tokens.cancel(ended)

	assert.NotEqual(t, early, running)
	assert.Len(t, tokens.calls, before, "nothing is kept of what has ended")
}

func TestTokensAreGivenToOneCallEach(t *testing.T) {
	var group sync.WaitGroup
	var mutex sync.Mutex
	given := make(map[uint64]bool)
	for range 64 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 100 {
				token := tokens.begin()
				ctx, done := tokens.use(token)
				assert.NoError(t, ctx.Err())
				done()
				mutex.Lock()
				given[token] = true
				mutex.Unlock()
			}
		}()
	}
	group.Wait()
	assert.Len(t, given, 6400)
}

func TestNoBytesGiveNoSlice(t *testing.T) {
	assert.Nil(t, view(nil, 0))
	assert.Nil(t, view(nil, 7))
}

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

// taken gives the codes or values of the replies that came, by token.
func taken(t *testing.T, replies *completions, count int) map[uint64]string {
	t.Helper()
	found := make(map[uint64]string)
	for len(found) < count {
		batch, _, open := replies.Drain(100)
		require.True(t, open)
		var items []struct {
			_msgpack struct{} `msgpack:",as_array"`
			Token    uint64
			Reply    []byte
		}
		require.NoError(t, msgpack.Unmarshal(batch, &items))
		for _, item := range items {
			found[item.Token] = codeOf(item.Reply)
		}
	}
	return found
}

func TestRepliesOfSubmittedCallsComeThroughTheQueue(t *testing.T) {
	core, err := open(nil)
	require.NoError(t, err)
	defer closeCore(core)
	replies, err := newCompletions()
	require.NoError(t, err)
	handle := queue.Open(replies)
	defer queue.Free(handle)

	wanted := make(map[uint64]string)
	for range 500 {
		token := tokens.begin()
		wanted[token] = "pong"
		require.True(t, submit(core, token, ping(), handle))
	}
	closed := tokens.begin()
	wanted[closed] = "invalid_argument"
	require.True(t, submit(1<<40, closed, ping(), handle))
	assert.Equal(t, wanted, taken(t, replies, len(wanted)))
}

func TestACallForNoQueueIsNotStarted(t *testing.T) {
	before := len(tokens.calls)
	assert.False(t, submit(1, tokens.begin(), ping(), 1<<40))
	assert.Len(t, tokens.calls, before, "the token is used up")
}

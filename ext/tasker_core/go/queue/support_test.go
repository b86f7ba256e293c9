package queue_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

// integers are the options of a queue of integers.
func integers(capacity int, policy queue.Policy) queue.Options[int] {
	return queue.Options[int]{
		Capacity: capacity, WhenFull: policy,
		Encode: func(e *msgpack.Encoder, item *int) error { return e.EncodeInt(int64(*item)) },
		Decode: func(data []byte) (item int, err error) {
			err = msgpack.Unmarshal(data, &item)
			return item, err
		},
	}
}

func newQueue(t require.TestingT, options queue.Options[int]) *queue.Queue[int] {
	q, err := queue.New(options)
	require.NoError(t, err)
	return q
}

func put(q *queue.Queue[int], from, to int) {
	for i := from; i <= to; i++ {
		q.Put(&i)
	}
}

func take(q *queue.Queue[int], count int) []int {
	into := make([]int, count)
	count, _ = q.Take(into)
	return into[:count]
}

func sequence(from, to int) []int {
	list := []int{}
	for i := from; i <= to; i++ {
		list = append(list, i)
	}
	return list
}

func check(t *testing.T, q *queue.Queue[int]) queue.Stats {
	t.Helper()
	s := q.Stats()
	require.Equal(t, s.Accepted, s.Delivered+s.Dropped+s.Pending)
	return s
}

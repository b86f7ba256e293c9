package queue_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

func TestABatchEndsWhereItIsLarge(t *testing.T) {
	const megabyte = 1 << 20
	q, err := queue.New(queue.Options[string]{Capacity: 1000, Size: func(text *string) int { return len(*text) },
		Encode: func(e *msgpack.Encoder, text *string) error { return e.EncodeString(*text) }})
	require.NoError(t, err)
	defer q.Release()
	for range 20 {
		text := strings.Repeat("x", megabyte)
		q.Put(&text)
	}
	total := 0
	for range 20 {
		batch, count, open := q.Drain(1000)
		require.True(t, open)
		require.Less(t, len(batch), 6*megabyte)
		total += count
	}
	assert.Equal(t, 20, total)
	large := strings.Repeat("x", 20*megabyte)
	q.Put(&large)
	_, count, _ := q.Drain(1000)
	assert.Equal(t, 1, count, "one is always taken")
}

func TestWhatComesFirstGoesFirst(t *testing.T) {
	for _, policy := range []queue.Policy{queue.Block, queue.DropOldest, queue.Spill} {
		q := newQueue(t, integers(1000, policy))
		put(q, 1, 150)
		assert.Equal(t, sequence(1, 100), take(q, 100))
		put(q, 151, 300)
		assert.Equal(t, sequence(101, 300), take(q, 1000))
		assert.Empty(t, take(q, 10))
		assert.Equal(t, queue.Stats{Accepted: 300, Delivered: 300}, check(t, q))
	}
}

func TestABlockingQueueSaysThatThereIsNoRoom(t *testing.T) {
	q := newQueue(t, integers(2, queue.Block))
	assert.Nil(t, q.Room())
	put(q, 1, 2)
	room := q.Room()
	require.NotNil(t, room)
	take(q, 1)
	_, more := <-room
	assert.False(t, more)
	assert.Nil(t, q.Room())
}

func TestWhatIsPutWithoutRoomIsCounted(t *testing.T) {
	q := newQueue(t, integers(2, queue.Block))
	put(q, 1, 5)
	assert.Equal(t, queue.Stats{Accepted: 5, Dropped: 3, Pending: 2}, check(t, q))
	assert.Equal(t, sequence(1, 2), take(q, 5))
}

func TestNobodyWaitsForAReaderThatWasGivenUp(t *testing.T) {
	q := newQueue(t, integers(1, queue.Block))
	put(q, 1, 1)
	room := q.Room()
	q.GiveUp(q.Taken())
	<-room
	assert.Nil(t, q.Room(), "until the reader comes back")
	put(q, 2, 3)
	take(q, 1)
	put(q, 4, 4)
	assert.NotNil(t, q.Room())
	assert.Equal(t, queue.Stats{Accepted: 4, Delivered: 1, Dropped: 2, Pending: 1}, check(t, q))
}

func TestAReaderThatCameMeanwhileIsNotGivenUp(t *testing.T) {
	q := newQueue(t, integers(1, queue.Block))
	put(q, 1, 1)
	taken := q.Taken()
	take(q, 1)
	put(q, 2, 2)
	q.GiveUp(taken)
	assert.NotNil(t, q.Room())
}

func TestMemoryIsBoundedInBytesToo(t *testing.T) {
	options := integers(100, queue.DropOldest)
	options.MaxBytes, options.Size = 10, func(item *int) int { return *item }
	q := newQueue(t, options)
	for range 3 {
		put(q, 1, 4)
		assert.Equal(t, sequence(1, 4), take(q, 10))
	}
	put(q, 20, 20)
	assert.Equal(t, []int{20}, take(q, 10), "one is taken however large it is")
	put(q, 9, 11)
	assert.Equal(t, []int{11}, take(q, 10))
}

func TestAClosedQueueIsEmptiedAndEnds(t *testing.T) {
	for _, descriptor := range []bool{false, true} {
		options := integers(10, queue.Block)
		options.Descriptor = descriptor
		q := newQueue(t, options)
		put(q, 1, 2)
		q.Close()
		q.Close()
		three := 3
		assert.False(t, q.Put(&three))
		count, open := q.Take(make([]int, 1))
		assert.Equal(t, 1, count)
		assert.True(t, open)
		batch, count, open := q.Drain(10)
		assert.Equal(t, []byte{0x91, 2}, batch)
		assert.Equal(t, 1, count)
		assert.True(t, open)
		_, _, open = q.Drain(10)
		assert.False(t, open)
		q.Release()
		q.Release()
		assert.Equal(t, queue.Stats{Accepted: 2, Delivered: 2}, check(t, q))
	}
}

func TestWhatIsLeftAtTheReleaseIsDropped(t *testing.T) {
	options := integers(2, queue.Spill)
	options.SpillFolder = t.TempDir()
	q := newQueue(t, options)
	put(q, 1, 5)
	q.Release()
	assert.Equal(t, queue.Stats{Accepted: 5, Dropped: 5, Spilled: 3}, check(t, q))
}

func TestWhatCannotBeSpilledIsCounted(t *testing.T) {
	options := integers(2, queue.Spill)
	options.SpillFolder = filepath.Join(t.TempDir(), "missing")
	q := newQueue(t, options)
	put(q, 1, 5)
	assert.Equal(t, sequence(1, 2), take(q, 10))
	put(q, 6, 6)
	assert.Equal(t, []int{6}, take(q, 10))
	assert.Equal(t, queue.Stats{Accepted: 6, Delivered: 3, Dropped: 3, Spilled: 3}, check(t, q))
}

func TestHandlesLeadToQueuesUntilTheyAreFreed(t *testing.T) {
	q := newQueue(t, integers(2, queue.Block))
	first, second := queue.Open(q), queue.Open(newQueue(t, integers(2, queue.Block)))
	assert.NotEqual(t, first, second)
	found, ok := queue.Find(first)
	assert.True(t, ok)
	assert.Same(t, q, found)
	queue.Free(first)
	queue.Free(first)
	_, ok = queue.Find(first)
	assert.False(t, ok)
	one := 1
	assert.False(t, q.Put(&one), "a freed queue takes nothing")
	queue.Free(second)
}

package queue_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

// model is a queue as it should be: a list.
type model struct {
	queue    *queue.Queue[int]
	policy   queue.Policy
	capacity int
	next     int
	waiting  []int
	stats    queue.Stats
	closed   bool
}

func (m *model) put(*rapid.T) {
	m.next++
	m.queue.Put(&m.next)
	if m.closed {
		return
	}
	m.stats.Accepted++
	full := len(m.waiting) >= m.capacity
	switch {
	case full && m.policy == queue.Block:
		m.stats.Dropped++
		return
	case full && m.policy == queue.DropOldest:
		m.stats.Dropped++
		m.waiting = m.waiting[1:]
	}
	m.waiting = append(m.waiting, m.next)
}

func (m *model) take(t *rapid.T) {
	limit := rapid.IntRange(1, 2*m.capacity).Draw(t, "limit")
	count := min(limit, len(m.waiting))
	got := take(m.queue, limit)
	require.Equal(t, append([]int{}, m.waiting[:count]...), got)
	m.waiting = m.waiting[count:]
	m.stats.Delivered += uint64(count)
}

func (m *model) check(t *rapid.T) {
	m.stats.Pending = uint64(len(m.waiting))
	stats := m.queue.Stats()
	stats.Spilled = 0
	require.Equal(t, m.stats, stats)
	require.Equal(t, len(m.waiting) > 0 || m.closed, readable(t, m.queue.Descriptor()), "readable while there is something")
}

func TestAQueueIsAListWithALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			policy:   rapid.SampledFrom([]queue.Policy{queue.Block, queue.DropOldest, queue.Spill}).Draw(t, "policy"),
			capacity: rapid.IntRange(1, 100).Draw(t, "capacity"),
		}
		options := integers(m.capacity, m.policy)
		options.Descriptor = true
		m.queue = newQueue(t, options)
		defer m.queue.Release()
		t.Repeat(map[string]func(*rapid.T){
			"put": m.put,
			"put many": func(t *rapid.T) {
				for range rapid.IntRange(1, 3*m.capacity).Draw(t, "count") {
					m.put(t)
				}
			},
			"take": m.take,
			"":     m.check,
		})
		m.queue.Close()
		m.closed = true
		m.put(t)
		m.check(t)
		for len(m.waiting) > 0 {
			m.take(t)
		}
		m.check(t)
	})
}

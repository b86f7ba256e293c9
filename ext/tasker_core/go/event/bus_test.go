package event_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

var ctx = context.Background()

func subscribe(t testing.TB, bus *event.Bus, options event.Options, names ...string) *event.Subscription {
	t.Helper()
	subscription, err := bus.Subscribe(event.Filter{Names: names}, options)
	require.NoError(t, err)
	t.Cleanup(subscription.Release)
	return subscription
}

func publish(t testing.TB, bus *event.Bus, names ...string) {
	t.Helper()
	events := make([]event.Event, len(names))
	for i, name := range names {
		events[i] = event.Event{Name: name}
	}
	published, err := bus.Publish(ctx, events...)
	require.NoError(t, err)
	require.Equal(t, len(names), published)
}

// numbered gives names from first to last.
func numbered(first, last int) []string {
	var names []string
	for i := first; i <= last; i++ {
		names = append(names, "n."+strconv.Itoa(i))
	}
	return names
}

// taken takes everything that waits.
func taken(subscription *event.Subscription) (names []string) {
	buffer := make([]event.Event, 16)
	for {
		count, _ := subscription.Take(buffer)
		if count == 0 {
			return names
		}
		for _, e := range buffer[:count] {
			names = append(names, e.Name)
		}
	}
}

func TestEventsAreNumberedWithoutGaps(t *testing.T) {
	bus := event.NewBus()
	all := subscribe(t, bus, event.Options{}, "*")
	publish(t, bus, "step.completed")
	publish(t, bus, "task.completed", "step.failed")

	events := make([]event.Event, 5)
	count, open := all.Take(events)
	require.Equal(t, 3, count)
	assert.True(t, open)
	for i, e := range events[:count] {
		assert.Equal(t, uint64(i+1), e.Sequence)
		assert.Equal(t, bus.Origin(), e.Origin)
		assert.Positive(t, e.OccurredAt)
	}
}

func TestDropOldestKeepsTheNewestAndCounts(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 3}, "*")
	publish(t, bus, numbered(1, 10)...)
	assert.Equal(t, queue.Stats{Accepted: 10, Dropped: 7, Pending: 3}, s.Stats())
	assert.Equal(t, numbered(8, 10), taken(s))
}

func TestSpillLosesNothingAndKeepsTheOrder(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 3, WhenFull: queue.Spill, SpillFolder: t.TempDir()}, "*")
	publish(t, bus, numbered(1, 100)...)
	buffer := make([]event.Event, 10)
	count, _ := s.Take(buffer)
	require.Equal(t, 10, count)
	publish(t, bus, numbered(101, 120)...)
	assert.Equal(t, numbered(11, 120), taken(s))
	publish(t, bus, "last.one")
	assert.Equal(t, []string{"last.one"}, taken(s))
	assert.Equal(t, queue.Stats{Accepted: 121, Delivered: 121, Spilled: 117}, s.Stats())
}

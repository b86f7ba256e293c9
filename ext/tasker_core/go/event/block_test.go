package event_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

// forever is a patience that no test comes to the end of.
const forever = -1

func TestAPublisherWaitsForRoom(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 5, WhenFull: queue.Block, MaxWait: forever}, "*")
	done := make(chan error)
	go func() {
		_, err := bus.Publish(ctx, named(numbered(1, 1000))...)
		done <- err
	}()
	var names []string
	buffer := make([]event.Event, 3)
	for len(names) < 1000 {
		count, err := s.Receive(ctx, buffer)
		require.NoError(t, err)
		for _, e := range buffer[:count] {
			names = append(names, e.Name)
		}
	}
	require.NoError(t, <-done)
	assert.Equal(t, numbered(1, 1000), names)
	assert.Equal(t, queue.Stats{Accepted: 1000, Delivered: 1000}, s.Stats())
}

func named(names []string) []event.Event {
	events := make([]event.Event, len(names))
	for i, name := range names {
		events[i].Name = name
	}
	return events
}

func TestAWaitingPublisherCanBeCancelled(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 2, WhenFull: queue.Block, MaxWait: forever}, "*")
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan int)
	go func() {
		published, err := bus.Publish(ctx, named(numbered(1, 5))...)
		assert.ErrorIs(t, err, context.Canceled)
		done <- published
	}()
	require.Eventually(t, func() bool { return s.Stats().Pending == 2 }, 30*time.Second, time.Millisecond)
	cancel()
	assert.Equal(t, 2, <-done)
	assert.Equal(t, uint64(2), bus.Stats().Published, "what was not published has no number")
	assert.Equal(t, numbered(1, 2), taken(s))
}

// blocked lets publishers wait for a subscription that takes nothing, and gives what
// their calls end with.
func blocked(t *testing.T, bus *event.Bus, s *event.Subscription, publishers int) <-chan error {
	t.Helper()
	ended := make(chan error, publishers)
	for range publishers {
		go func() {
			_, err := bus.Publish(ctx, named(numbered(1, 100))...)
			ended <- err
		}()
	}
	require.Eventually(t, func() bool { return s.Stats().Pending == 10 }, 30*time.Second, time.Millisecond)
	return ended
}

func TestAClosedSubscriptionFreesItsPublishers(t *testing.T) {
	for what, end := range map[string]func(*event.Subscription){"close": (*event.Subscription).Close, "release": (*event.Subscription).Release} {
		t.Run(what, func(t *testing.T) {
			bus := event.NewBus()
			s := subscribe(t, bus, event.Options{Capacity: 10, WhenFull: queue.Block, MaxWait: forever}, "*")
			ended := blocked(t, bus, s, 5)
			end(s)
			for range 5 {
				require.NoError(t, <-ended)
			}
			assert.Equal(t, uint64(500), bus.Stats().Published)
			assert.Equal(t, uint64(10), s.Stats().Accepted)
		})
	}
}

func TestAClosedBusFreesItsPublishers(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 10, WhenFull: queue.Block, MaxWait: forever}, "*")
	ended := blocked(t, bus, s, 5)
	bus.Close()
	for range 5 {
		require.ErrorIs(t, <-ended, event.ErrClosed)
	}
	assert.Len(t, taken(s), 10, "what waited can still be taken")
	_, open := s.Take(make([]event.Event, 1))
	assert.False(t, open)
	assert.ErrorIs(t, bus.Offer(event.Event{Name: "late"}), event.ErrClosed)
	_, err := bus.Subscribe(event.Filter{Names: []string{"*"}}, event.Options{})
	assert.ErrorIs(t, err, event.ErrClosed)
}

func TestNobodyWaitsLongForASubscriberThatHasStopped(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 10, WhenFull: queue.Block, MaxWait: 20 * time.Millisecond}, "*")
	publish(t, bus, numbered(1, 1000)...)
	assert.Equal(t, queue.Stats{Accepted: 1000, Dropped: 990, Pending: 10}, s.Stats())
	assert.Equal(t, numbered(1, 10), taken(s))
	publish(t, bus, "again")
	assert.Equal(t, []string{"again"}, taken(s))
}

func TestOfferNeverWaits(t *testing.T) {
	bus := event.NewBus()
	s := subscribe(t, bus, event.Options{Capacity: 10, WhenFull: queue.Block, MaxWait: forever}, "*")
	require.NoError(t, bus.Offer(named(numbered(1, 15))...))
	assert.Equal(t, queue.Stats{Accepted: 15, Dropped: 5, Pending: 10}, s.Stats())
}

func TestAFullSubscriptionHoldsUpOnlyItsOwnEvents(t *testing.T) {
	bus := event.NewBus()
	full := subscribe(t, bus, event.Options{Capacity: 1, WhenFull: queue.Block, MaxWait: forever}, "step.*")
	other := subscribe(t, bus, event.Options{}, "*")
	publish(t, bus, "step.a")
	var group sync.WaitGroup
	group.Go(func() { publish(t, bus, "step.b") })
	publish(t, bus, "task.a", "task.b")
	full.Close()
	group.Wait()
	assert.Subset(t, taken(other), []string{"step.a", "step.b", "task.a", "task.b"})
}

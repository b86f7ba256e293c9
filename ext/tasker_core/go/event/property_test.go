package event_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

// consumer is a subscriber of the property: it takes in batches, and stops after a
// number of events or never.
type consumer struct {
	subscription *event.Subscription
	prefix       string
	policy       queue.Policy
	batch        int
	stopsAfter   int
	seen         []event.Event
}

func (c *consumer) run() {
	buffer := make([]event.Event, c.batch)
	for len(c.seen) < c.stopsAfter {
		count, _ := c.subscription.Receive(ctx, buffer)
		if count == 0 {
			return
		}
		c.seen = append(c.seen, buffer[:count]...)
	}
	c.subscription.Release()
}

const never = 1 << 30

var prefixes = []string{"a.", "b."}

func drawConsumer(t *rapid.T, bus *event.Bus) *consumer {
	c := &consumer{prefix: rapid.SampledFrom([]string{"", "a.", "b."}).Draw(t, "prefix"),
		batch: rapid.IntRange(1, 50).Draw(t, "batch"), stopsAfter: rapid.SampledFrom([]int{0, 20, never, never}).Draw(t, "stops after"),
		policy: rapid.SampledFrom([]queue.Policy{queue.Block, queue.DropOldest, queue.Spill}).Draw(t, "policy")}
	var err error
	c.subscription, err = bus.Subscribe(event.Filter{Names: []string{c.prefix + "*"}}, event.Options{
		Capacity: rapid.IntRange(1, 40).Draw(t, "capacity"), MaxWait: forever, WhenFull: c.policy})
	require.NoError(t, err)
	return c
}

// publishAll publishes numbered events of one publisher in batches; TaskID is the
// publisher, StepID the number.
func publishAll(t require.TestingT, bus *event.Bus, publisher int, prefix string, batches []int) {
	number := int64(0)
	for _, size := range batches {
		events := make([]event.Event, size)
		for i := range events {
			number++
			events[i] = event.Event{Name: prefix + "x", TaskID: int64(publisher), StepID: number}
		}
		published, err := bus.Publish(ctx, events...)
		require.NoError(t, err)
		require.Equal(t, size, published)
	}
}

// TestEveryEventIsAccountedFor: whoever publishes and subscribes, with whatever policy,
// each event that matched was delivered, once and in order, or counted.
func TestEveryEventIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bus := event.NewBus()
		var consumers []*consumer
		for range rapid.IntRange(0, 4).Draw(t, "consumers") {
			consumers = append(consumers, drawConsumer(t, bus))
		}
		batches := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 90), 0, 6), 0, 4).Draw(t, "batches")
		var publishing, consuming sync.WaitGroup
		totals := map[string]uint64{}
		for i, list := range batches {
			for _, size := range list {
				totals[""] += uint64(size)
				totals[prefixes[i%2]] += uint64(size)
			}
			publishing.Go(func() { publishAll(t, bus, i+1, prefixes[i%2], list) })
		}
		for _, c := range consumers {
			consuming.Go(c.run)
		}
		publishing.Wait()
		bus.Close()
		consuming.Wait()

		require.Equal(t, totals[""], bus.Stats().Published)
		matched := uint64(0)
		for _, c := range consumers {
			c.check(t, totals[c.prefix])
			c.subscription.Release()
			matched += c.subscription.Stats().Accepted
		}
		stats := bus.Stats()
		require.Equal(t, matched, stats.Matched)
		require.Zero(t, stats.Subscriptions)
		require.Equal(t, stats.Matched, stats.Delivered+stats.Dropped)
	})
}

func (c *consumer) check(t *rapid.T, published uint64) {
	stats := c.subscription.Stats()
	if c.stopsAfter == never {
		require.Equal(t, published, stats.Accepted)
		require.True(t, c.policy == queue.DropOldest || stats.Dropped == 0, "%d dropped", stats.Dropped)
	}
	require.Equal(t, stats.Accepted, stats.Delivered+stats.Dropped+stats.Pending)
	require.Equal(t, stats.Delivered, uint64(len(c.seen)))
	sequence, numbers := uint64(0), map[int64]int64{}
	for _, e := range c.seen {
		require.Greater(t, e.Sequence, sequence, "in the order of the bus")
		require.Greater(t, e.StepID, numbers[e.TaskID], "in the order of each publisher")
		require.True(t, c.prefix == "" || e.Name == c.prefix+"x")
		sequence, numbers[e.TaskID] = e.Sequence, e.StepID
	}
}

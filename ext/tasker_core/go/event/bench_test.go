package event_test

import (
	"bytes"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

// sample is an event as the core publishes it.
func sample(task int64) event.Event {
	return event.Event{Name: "step.completed", OccurredAt: 1, TaskID: task, StepID: task, Namespace: "payments",
		TaskName: "charge_card", StepName: "validate", Payload: []byte{0x81, 0xa1, 'a', 1}}
}

// BenchmarkWithinGo publishes in batches to a subscriber in Go that takes batches: an
// operation is one event, from the publisher to the subscriber.
func BenchmarkWithinGo(b *testing.B) {
	for _, batch := range []int{1, 10, 100} {
		for _, policy := range []queue.Policy{queue.Block, queue.DropOldest} {
			b.Run(string(policy)+"/"+map[int]string{1: "one_by_one", 10: "batches_of_10", 100: "batches_of_100"}[batch], func(b *testing.B) {
				withinGo(b, batch, policy)
			})
		}
	}
}

func withinGo(b *testing.B, batch int, policy queue.Policy) {
	bus := event.NewBus()
	s := subscribe(b, bus, event.Options{WhenFull: policy}, "step.*")
	ended := make(chan uint64)
	go func() {
		buffer := make([]event.Event, 1000)
		for count := 1; count > 0; {
			count, _ = s.Receive(ctx, buffer)
		}
		ended <- s.Stats().Delivered + s.Stats().Dropped
	}()
	events := make([]event.Event, batch)
	b.ReportAllocs()
	for sent := 0; sent < b.N; sent += batch {
		for i := range events {
			events[i] = sample(int64(sent + i + 1))
		}
		if _, err := bus.Publish(ctx, events...); err != nil {
			b.Fatal(err)
		}
	}
	s.Close()
	if seen := <-ended; seen != bus.Stats().Published {
		b.Fatalf("%d of %d events are accounted for", seen, bus.Stats().Published)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFilter matches one event against one filter.
func BenchmarkFilter(b *testing.B) {
	bus := event.NewBus()
	subscribe(b, bus, event.Options{}, "task.*", "workflow.*", "order.made")
	events := []event.Event{sample(1)}
	b.ReportAllocs()
	for range b.N {
		_ = bus.Offer(events...)
	}
}

// BenchmarkEncode writes one event as hosts get it.
func BenchmarkEncode(b *testing.B) {
	e := sample(7)
	e.Origin = "host:1:1"
	var data bytes.Buffer
	to := msgpack.NewEncoder(&data)
	to.UseCompactInts(true)
	b.ReportAllocs()
	for range b.N {
		data.Reset()
		_ = event.Encode(to, &e)
	}
}

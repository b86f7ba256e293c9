package event

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

// The defaults of Options.
const (
	DefaultCapacity = 10_000
	DefaultMaxBytes = 16 << 20
	DefaultMaxWait  = 5 * time.Second
)

// Options are the properties of a subscription; zero values stand for the defaults.
type Options struct {
	// Capacity is how many events may wait in memory.
	Capacity int
	// MaxBytes is how much they may take together; the heap holds up to five times as
	// much before it is collected.
	MaxBytes int
	// WhenFull is the behaviour when the queue is full. Default drop_oldest.
	WhenFull queue.Policy
	// MaxWait is how long, under block, a publisher waits for a subscriber that takes no events at
	// all. After that, events without room are dropped and counted without waiting, until the
	// subscriber takes events again. A negative value sets no limit.
	MaxWait time.Duration
	// SpillFolder is where spill makes its files, empty for the system's folder.
	SpillFolder string
	// Descriptor gives the queue a file descriptor, for a subscriber outside of Go.
	Descriptor bool
}

// Subscription is a queue of the events that match a filter. The subscriber takes
// from it with Receive or Take, or in a host through its handle with Drain.
type Subscription struct {
	*matcher
	bus     *Bus
	queue   *queue.Queue[Event]
	blocks  bool
	maxWait time.Duration
}

// Subscribe gives a subscription to the events that are published from now on.
func (b *Bus) Subscribe(filter Filter, options Options) (*Subscription, error) {
	matcher, err := filter.compile()
	if err != nil {
		return nil, err
	}
	if err := options.complete(); err != nil {
		return nil, err
	}
	events, err := queue.New(queue.Options[Event]{Capacity: options.Capacity, MaxBytes: options.MaxBytes, Size: (*Event).size,
		WhenFull: options.WhenFull, Encode: Encode, Decode: Decode, SpillFolder: options.SpillFolder, Descriptor: options.Descriptor})
	if err != nil {
		return nil, err
	}
	s := &Subscription{matcher: matcher, bus: b, queue: events, blocks: options.WhenFull == queue.Block, maxWait: options.MaxWait}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		events.Release()
		return nil, ErrClosed
	}
	b.subscriptions = append(b.subscriptions, s)
	return s, nil
}

func (o *Options) complete() error {
	if o.Capacity == 0 {
		o.Capacity = DefaultCapacity
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxWait == 0 {
		o.MaxWait = DefaultMaxWait
	}
	if o.WhenFull == "" {
		o.WhenFull = queue.DropOldest
	}
	switch o.WhenFull {
	case queue.Block, queue.DropOldest, queue.Spill:
	default:
		return fmt.Errorf("when_full is %q; it must be block, drop_oldest or spill", o.WhenFull)
	}
	if o.Capacity < 0 || o.MaxBytes < 0 {
		return fmt.Errorf("a subscription has a capacity of %d events and %d bytes; both must be 1 or above", o.Capacity, o.MaxBytes)
	}
	return nil
}

// wait waits for room, or for the end of the patience with a subscriber that takes
// nothing.
func (s *Subscription) wait(ctx context.Context) error {
	var patience <-chan time.Time
	if s.maxWait > 0 {
		timer := time.NewTimer(s.maxWait)
		defer timer.Stop()
		patience = timer.C
	}
	taken := s.queue.Taken()
	room := s.queue.Room()
	if room == nil {
		return nil
	}
	select {
	case <-room:
	case <-patience:
		s.queue.GiveUp(taken)
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// Take moves waiting events into the slice and tells how many; open is false once the
// subscription is closed and empty. It does not wait.
func (s *Subscription) Take(into []Event) (count int, open bool) { return s.queue.Take(into) }

// Receive waits for events and moves them into the slice. It gives 0 once the
// subscription is closed and empty, and ctx's error where that ends first.
func (s *Subscription) Receive(ctx context.Context, into []Event) (int, error) {
	for {
		if count, open := s.queue.Take(into); count > 0 || !open {
			return count, nil
		}
		select {
		case <-s.queue.Ready():
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Drain gives up to limit events as a msgpack array, each in the form of Encode.
func (s *Subscription) Drain(limit int) (batch []byte, count int, open bool) {
	return s.queue.Drain(limit)
}

// Descriptor is the file that is readable while there is something to take.
func (s *Subscription) Descriptor() int { return s.queue.Descriptor() }

// Close ends the subscription and frees publishers that wait for it. What waits can
// still be taken; Release is the end.
func (s *Subscription) Close() { s.queue.Close() }

// Release closes the subscription and counts what still waits as dropped.
func (s *Subscription) Release() {
	s.queue.Release()
	s.bus.remove(s)
}

// Wants tells whether the subscription names events of this name, whatever else it
// asks.
func (s *Subscription) Wants(name string) bool { return s.every || s.named(name) }

// Stats gives the subscription's counters.
func (s *Subscription) Stats() queue.Stats { return s.queue.Stats() }

func (b *Bus) remove(s *Subscription) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if i := slices.Index(b.subscriptions, s); i >= 0 {
		b.subscriptions = slices.Delete(b.subscriptions, i, i+1)
		b.ended.add(s)
	}
}

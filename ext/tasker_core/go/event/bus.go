package event

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed reports that a bus no longer accepts events.
var ErrClosed = errors.New("the core is closed: its events are no longer published")

// Bus passes events to subscriptions. It is safe for concurrent use.
//
// One lock orders the events, so that each subscription sees ascending sequences. It is never held
// while a publisher waits for room.
type Bus struct {
	origin string

	mutex         sync.Mutex
	closed        bool
	sequence      uint64
	subscriptions []*Subscription
	// ended are the counters of subscriptions that were released.
	ended Stats
}

// lastBus numbers the buses of the process.
var lastBus atomic.Int64

// NewBus gives a bus without subscriptions.
func NewBus() *Bus {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return &Bus{origin: fmt.Sprintf("%s:%d:%d", host, os.Getpid(), lastBus.Add(1))}
}

// Wants tells whether a subscription names events of this name, whatever else it asks.
func (b *Bus) Wants(name string) bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.ContainsFunc(b.subscriptions, func(s *Subscription) bool { return s.Wants(name) })
}

// Origin names this bus among those of all processes: host, process and number.
func (b *Bus) Origin() string { return b.origin }

// chunk is how many events are published while the lock is held.
const chunk = 64

// Publish hands events to the subscriptions that they match, in their order, and
// numbers them. Where a blocking subscription is full it waits for room, until ctx
// ends or the subscription's MaxWait is over; an event is published to all of its
// subscriptions or to none yet. It gives how many were published: fewer than all
// only with an error, which is ctx's own or ErrClosed.
//
// The events' sequences, times and origins are filled in where they are missing.
func (b *Bus) Publish(ctx context.Context, events ...Event) (published int, err error) {
	for published < len(events) {
		if err := ctx.Err(); err != nil {
			return published, err
		}
		end := min(published+chunk, len(events))
		count, full, err := b.publish(events[published:end], true)
		published += count
		if err != nil {
			return published, err
		}
		if full != nil {
			if err := full.wait(ctx); err != nil {
				return published, err
			}
		}
	}
	return published, nil
}

// Offer publishes without ever waiting: a blocking subscription that has no room
// counts the event as dropped.
func (b *Bus) Offer(events ...Event) error {
	_, _, err := b.publish(events, false)
	return err
}

// publish hands out events up to the first that has to wait for room.
func (b *Bus) publish(events []Event, wait bool) (count int, full *Subscription, err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return 0, nil, ErrClosed
	}
	now := int64(0)
	for i := range events {
		e := &events[i]
		if wait {
			if full := b.withoutRoom(e); full != nil {
				return i, full, nil
			}
		}
		b.sequence++
		e.Sequence = b.sequence
		if e.OccurredAt == 0 {
			if now == 0 {
				now = time.Now().UnixMicro()
			}
			e.OccurredAt = now
		}
		if e.Origin == "" {
			e.Origin = b.origin
		}
		for _, s := range b.subscriptions {
			if s.matches(e) {
				s.queue.Put(e)
			}
		}
	}
	return len(events), nil, nil
}

// withoutRoom finds a subscription that an event has to wait for. Every publisher holds the lock,
// so room that was found stays free.
func (b *Bus) withoutRoom(e *Event) *Subscription {
	for _, s := range b.subscriptions {
		if s.blocks && s.matches(e) && s.queue.Room() != nil {
			return s
		}
	}
	return nil
}

// Close ends every subscription: what waits in them can still be taken.
func (b *Bus) Close() {
	b.mutex.Lock()
	b.closed = true
	subscriptions := slices.Clone(b.subscriptions)
	b.mutex.Unlock()
	for _, s := range subscriptions {
		s.Close()
	}
}

// Stats count events, summed over subscriptions: an event that matched two of them is delivered
// twice.
type Stats struct {
	// Published are the events that the bus took, whether anybody wanted them or not.
	Published     uint64
	Matched       uint64
	Delivered     uint64
	Dropped       uint64
	Spilled       uint64
	Pending       uint64
	Subscriptions int
}

// Stats gives the counters of all subscriptions, ended ones too.
func (b *Bus) Stats() Stats {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	stats := b.ended
	for _, s := range b.subscriptions {
		stats.add(s)
	}
	stats.Published = b.sequence
	stats.Subscriptions = len(b.subscriptions)
	return stats
}

func (s *Stats) add(subscription *Subscription) {
	counts := subscription.queue.Stats()
	s.Matched += counts.Accepted
	s.Delivered += counts.Delivered
	s.Dropped += counts.Dropped
	s.Spilled += counts.Spilled
	s.Pending += counts.Pending
}

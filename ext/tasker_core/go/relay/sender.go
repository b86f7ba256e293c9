package relay

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/store"
)

const (
	// batch is how many events are sent in one statement.
	batch = 1024
	// waiting is how many events may wait for a database that does not answer.
	waiting = 50_000
)

// Sender notifies other processes of the events that are published on a bus. Each statement is a
// separate transaction.
type Sender struct {
	driver  store.Driver
	channel string
	bus     *event.Bus
	log     *zap.Logger
	writer  *Writer
	from    *event.Subscription
	sent    atomic.Uint64
	failed  atomic.Uint64
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// Send starts a sender for what is published on the bus from now on. names are exact
// names, prefixes with a star, or a star.
func Send(driver store.Driver, channel string, names []string, bus *event.Bus, log *zap.Logger) (*Sender, error) {
	from, err := bus.Subscribe(event.Filter{Names: names}, event.Options{Capacity: waiting, WhenFull: queue.Block})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{driver: driver, channel: channel, bus: bus, log: log, writer: NewWriter(bus.Origin()), from: from, cancel: cancel}
	s.done.Go(func() { s.run(ctx) })
	return s, nil
}

// Send sends those of the events that others are to hear in the driver's transaction,
// and marks them, so that they are not sent again when the bus gets them.
func (s *Sender) Send(ctx context.Context, driver store.Driver, events []event.Event) error {
	var chosen []event.Event
	for i := range events {
		if s.from.Wants(events[i].Name) {
			chosen = append(chosen, events[i])
			events[i].Relayed = true
		}
	}
	messages, unreadable := s.messages(chosen)
	if len(messages) == 0 {
		return nil
	}
	if _, err := driver.Query(ctx, Statement(s.channel, messages)); err != nil {
		return err
	}
	s.sent.Add(uint64(len(chosen) - unreadable))
	return nil
}

// Close sends what waits, for as long as the context lets it, and ends the sender.
func (s *Sender) Close(ctx context.Context) {
	s.from.Close()
	defer context.AfterFunc(ctx, s.cancel)()
	s.done.Wait()
	s.cancel()
	s.from.Release()
}

// Sent counts events that were handed to the database, Failed those that could not be.
func (s *Sender) Sent() uint64   { return s.sent.Load() }
func (s *Sender) Failed() uint64 { return s.failed.Load() }

func (s *Sender) run(ctx context.Context) {
	events := make([]event.Event, batch)
	for {
		count, err := s.from.Receive(ctx, events)
		if err != nil || count == 0 {
			return
		}
		own := events[:0:0]
		for _, e := range events[:count] {
			if e.Origin == s.bus.Origin() && !e.Relayed && e.Name != GapEvent {
				own = append(own, e)
			}
		}
		s.send(ctx, own)
	}
}

// send hands events to the database, again where it does not answer: an event whose
// answer was lost may so be heard twice.
func (s *Sender) send(ctx context.Context, events []event.Event) {
	messages, unreadable := s.messages(events)
	if len(messages) == 0 {
		return
	}
	for backoff := firstBackoff; ; backoff = min(2*backoff, maxBackoff) {
		_, err := s.driver.Query(ctx, Statement(s.channel, messages))
		if err == nil {
			s.sent.Add(uint64(len(events) - unreadable))
			return
		}
		s.log.Warn("events wait for the database to be relayed", zap.Int("events", len(events)), zap.Error(err))
		select {
		case <-ctx.Done():
			s.failed.Add(uint64(len(events) - unreadable))
			return
		case <-time.After(backoff):
		}
	}
}

func (s *Sender) messages(events []event.Event) (messages []string, unreadable int) {
	messages, unreadable, err := s.writer.Messages(events)
	if err != nil {
		s.failed.Add(uint64(unreadable))
		s.log.Error("events are not relayed", zap.Int("events", unreadable), zap.Error(err))
	}
	return messages, unreadable
}

// Statement notifies of messages in their order. None of them holds the character
// between them, which JSON escapes. Run inside a transaction, they are
// heard when it commits, and never if it does not.
func Statement(channel string, messages []string) store.Statement {
	list := strings.Join(messages, "\x01")
	return store.Statement{
		Name:   "relay",
		SQL:    "SELECT count(pg_notify($1::text, message))::text FROM unnest(string_to_array($2::text, chr(1))) AS message",
		Params: []*string{&channel, &list},
	}
}

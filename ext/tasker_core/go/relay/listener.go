package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/event"
)

const (
	// GapEvent says that messages may have been missed.
	GapEvent = "relay.gap"

	connectLimit = 5 * time.Second
	// pingAfter is how long nothing may be heard before the connection has to show
	// that it still works.
	pingAfter    = 15 * time.Second
	pingLimit    = 5 * time.Second
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// patience bounds how long blocking subscriptions can hold the listener: what it
	// does not read stays in the server's queue, which all databases share.
	patience = 5 * time.Second
)

// Settings is what a listener needs to know.
type Settings struct {
	// URL leads to the server itself: a session behind PgBouncer in transaction mode
	// hears nothing.
	URL     string
	Channel string
}

// Listener hears the messages of other processes and publishes their events.
type Listener struct {
	settings Settings
	own      map[string]bool
	bus      *event.Bus
	log      *zap.Logger
	parts    assembly
	heard    time.Time

	ready     chan struct{}
	listening atomic.Bool
	counts    struct{ messages, events, own, malformed, gaps atomic.Uint64 }
	failure   atomic.Pointer[string]
	cancel    context.CancelFunc
	done      sync.WaitGroup
}

// Check tells whether the URL can be used, without repeating its password.
func (s Settings) Check() error {
	_, err := s.connection()
	return err
}

func (s Settings) connection() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(s.URL)
	if err != nil {
		return nil, errors.New("the URL cannot be used: it must look like postgresql://user@host:5432/database or host=... dbname=...")
	}
	config.ConnectTimeout = connectLimit
	config.RuntimeParams["application_name"] = "tasker_core relay"
	config.RuntimeParams["client_encoding"] = "UTF8"
	return config, nil
}

// HostOrigin is the origin under which a host writes messages on its own connection,
// beside the bus with this origin in the same process.
func HostOrigin(bus string) string { return bus[:strings.LastIndexByte(bus, ':')+1] + "host" }

// Listen starts a listener, with settings that were checked. It connects in the
// background, again and again until it is stopped.
func Listen(settings Settings, bus *event.Bus, log *zap.Logger) *Listener {
	own := map[string]bool{bus.Origin(): true, HostOrigin(bus.Origin()): true}
	l := &Listener{settings: settings, own: own, bus: bus, log: log, ready: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.done.Go(func() { l.run(ctx) })
	return l
}

// Ready is closed when it listens for the first time.
func (l *Listener) Ready() <-chan struct{} { return l.ready }

// Close ends the listener and its connection.
func (l *Listener) Close() {
	l.cancel()
	l.done.Wait()
}

// run listens until the context ends, with a pause between attempts that grows.
func (l *Listener) run(ctx context.Context) {
	var lost time.Time
	backoff := firstBackoff
	for {
		connected, err := l.listen(ctx, lost)
		l.listening.Store(false)
		if ctx.Err() != nil {
			return
		}
		if connected {
			lost, backoff = l.heard, firstBackoff
		}
		reason := err.Error()
		l.failure.Store(&reason)
		l.log.Warn("the relay does not listen; it will retry", zap.String("channel", l.settings.Channel), zap.Error(err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// listen hears messages on one connection. connected tells whether it got that far.
func (l *Listener) listen(ctx context.Context, lost time.Time) (connected bool, err error) {
	config, err := l.settings.connection()
	if err != nil {
		return false, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if err := l.lookForPooler(ctx, conn); err != nil {
		return false, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{l.settings.Channel}.Sanitize()); err != nil {
		return false, err
	}
	l.began(lost)
	for {
		if err := l.hear(ctx, conn); err != nil {
			return true, err
		}
	}
}

// began tells that it listens now, and after a break from when to when it did not.
func (l *Listener) began(lost time.Time) {
	l.heard = time.Now()
	l.parts = assembly{}
	l.listening.Store(true)
	if lost.IsZero() {
		select {
		case <-l.ready:
		default:
			close(l.ready)
		}
		return
	}
	l.counts.gaps.Add(1)
	gap := map[string]any{"gap_from": stamp(lost), "gap_to": stamp(l.heard), "timestamp": stamp(l.heard), "reason": *l.failure.Load()}
	payload, err := msgpack.Marshal(gap)
	if err != nil {
		l.log.Error("a gap could not be reported", zap.Error(err))
		return
	}
	l.publish([]event.Event{{Name: GapEvent, OccurredAt: l.heard.UnixMicro(), Payload: payload}})
}

// pooled says what is wrong where nothing is heard although LISTEN succeeded.
const pooled = "the URL of the relay leads through a pooler: in transaction mode LISTEN receives nothing there; set event_relay_url to the server itself"

// lookForPooler warns where the session's number is not the one that the connection
// was given: a pooler such as PgBouncer makes up its own.
func (l *Listener) lookForPooler(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return err
	}
	if pid != conn.PgConn().PID() {
		reason := pooled
		l.failure.Store(&reason)
		l.log.Warn(pooled, zap.String("channel", l.settings.Channel))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (l *Listener) hear(ctx context.Context, conn *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, pingAfter)
	notification, err := conn.WaitForNotification(waiting)
	cancel()
	switch {
	case err == nil:
		l.heard = time.Now()
		l.take(notification.PID, notification.Payload)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err):
		return l.ping(ctx, conn)
	}
	return err
}

// ping finds out whether a silent connection still works.
func (l *Listener) ping(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if err := conn.Ping(ctx); err != nil {
		return fmt.Errorf("the connection does not answer: %w", err)
	}
	l.heard = time.Now()
	return nil
}

// take publishes the events of a message once all of its parts are there.
func (l *Listener) take(process uint32, text string) {
	l.counts.messages.Add(1)
	m, err := parse(text)
	if err == nil && l.own[m.origin] {
		l.counts.own.Add(1)
		return
	}
	var events []event.Event
	if err == nil {
		if list, whole := l.parts.add(process, m); whole {
			events, err = decode(m.origin, list)
		}
	}
	if err != nil {
		l.counts.malformed.Add(1)
		l.log.Warn("a message on the relay's channel is not one of a relay", zap.String("channel", l.settings.Channel), zap.Error(err))
		return
	}
	l.counts.events.Add(uint64(len(events)))
	l.publish(events)
}

// publish waits for subscriptions without room, up to a limit.
func (l *Listener) publish(events []event.Event) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	published, err := l.bus.Publish(ctx, events...)
	if err != nil && !errors.Is(err, event.ErrClosed) {
		err = l.bus.Offer(events[published:]...)
	}
	if err != nil {
		l.log.Debug("the relay's events are no longer published", zap.Error(err))
	}
}

// Stats are the counters of a listener.
type Stats struct {
	Listening bool
	// Messages were heard; Own of them came from this process, Malformed from strangers.
	Messages, Own, Malformed uint64
	// Events were published here.
	Events uint64
	// Gaps are how often the connection was lost and found again.
	Gaps uint64
	// Failure is why the connection was lost last, empty where it never was.
	Failure string
}

// Stats gives the counters.
func (l *Listener) Stats() Stats {
	stats := Stats{Listening: l.listening.Load(), Messages: l.counts.messages.Load(), Own: l.counts.own.Load(),
		Malformed: l.counts.malformed.Load(), Events: l.counts.events.Load(), Gaps: l.counts.gaps.Load()}
	if reason := l.failure.Load(); reason != nil {
		stats.Failure = *reason
	}
	return stats
}

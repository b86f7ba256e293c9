package operation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jcoletaylor/tasker_core/go/relay"
)

const (
	// farewell is how long a core that is closed tries to send what waits.
	farewell = 2 * time.Second
	// longestChannel is PostgreSQL's limit of an identifier.
	longestChannel = 63
)

// RelaySettings say what a relay does.
type RelaySettings struct {
	// URL is where it listens: the server itself, not a PgBouncer in transaction mode.
	// Empty means the core's own database_url.
	URL     string
	Channel string
	// Names are the events that are sent: exact names, prefixes with a star, or a star.
	// None sends nothing; sending needs connections of the core's own.
	Names []string
	// Listen is whether events of other processes are published here.
	Listen bool
	// Own are origins, beside the bus's, whose messages are this process's own.
	Own []string
}

// RelayError says that a relay cannot be started with these settings.
type RelayError struct{ Reason string }

func (e *RelayError) Error() string { return "the relay cannot be started: " + e.Reason }

// Relay is a core's part in the exchange of events between processes.
type Relay struct {
	mutex    sync.Mutex
	listener *relay.Listener
	sender   *relay.Sender
}

// StartRelay starts to send and to listen, in place of what was started before. It
// waits until it listens, or the context ends, which is no error: it goes on trying.
func StartRelay(ctx context.Context, core *Core, settings RelaySettings) error {
	if err := settings.complete(core); err != nil {
		return err
	}
	core.Relay.Stop()
	if err := core.Relay.start(core, settings); err != nil {
		core.Relay.Stop()
		return &RelayError{Reason: err.Error()}
	}
	if listener := core.Relay.heard(); listener != nil {
		select {
		case <-listener.Ready():
		case <-ctx.Done():
		}
	}
	return nil
}

func (r *Relay) start(core *Core, settings RelaySettings) (err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if settings.Listen {
		own := relay.Settings{URL: settings.URL, Channel: settings.Channel, Own: settings.Own}
		if r.listener, err = relay.Listen(own, core.Bus, core.Log); err != nil {
			return err
		}
	}
	if len(settings.Names) > 0 {
		r.sender, err = relay.Send(core.Pool, settings.Channel, settings.Names, core.Bus, core.Log)
	}
	return err
}

func (r *Relay) heard() *relay.Listener {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.listener
}

func (s *RelaySettings) complete(core *Core) error {
	if s.URL == "" {
		s.URL = core.Config.DatabaseURL.Reveal()
	}
	switch {
	case s.Channel == "" || len(s.Channel) > longestChannel:
		return &RelayError{Reason: fmt.Sprintf("the channel is %q; it must have 1 to %d characters", s.Channel, longestChannel)}
	case s.Listen && s.URL == "":
		return &RelayError{Reason: "there is no URL to listen at"}
	case len(s.Names) > 0 && core.Pool == nil:
		return &RelayError{Reason: "events can be sent only on connections of the core's own; without them the host sends on its connection"}
	}
	return nil
}

// Stop ends the relay: what waits to be sent is sent if the database answers.
func (r *Relay) Stop() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.listener != nil {
		r.listener.Close()
		r.listener = nil
	}
	if r.sender != nil {
		ctx, cancel := context.WithTimeoutCause(context.Background(), farewell, errors.New("the core was closed"))
		defer cancel()
		r.sender.Close(ctx)
		r.sender = nil
	}
}

// RelayStats are the counters of a relay; nil parts are not started.
type RelayStats struct {
	Listener     *relay.Stats
	Sent, Failed uint64
}

// Stats gives the counters.
func (r *Relay) Stats() RelayStats {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var stats RelayStats
	if r.listener != nil {
		heard := r.listener.Stats()
		stats.Listener = &heard
	}
	if r.sender != nil {
		stats.Sent, stats.Failed = r.sender.Sent(), r.sender.Failed()
	}
	return stats
}

package operation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/relay"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

const (
	// farewell is how long a core that is closed tries to send what waits.
	farewell = 2 * time.Second
	// listenPatience is how long the first subscriber waits until the core listens.
	listenPatience = 2 * time.Second
)

// Relay is a core's part in the exchange of events between processes. It sends the events of a core
// with its own connections, and listens from the first subscription on: without subscriptions there
// is no connection for it.
type Relay struct {
	mutex    sync.Mutex
	settings *relay.Settings
	bus      *event.Bus
	log      *zap.Logger
	sender   *relay.Sender
	listener *relay.Listener
}

// newRelay gives a relay, which does nothing unless the settings ask for it.
func newRelay(settings config.Config, own *pool.Pool, bus *event.Bus, log *zap.Logger) (*Relay, error) {
	r := &Relay{bus: bus, log: log}
	if !settings.EventRelay {
		return r, nil
	}
	if url := settings.ListenURL(); url != "" {
		r.settings = &relay.Settings{URL: url, Channel: settings.EventRelayChannel}
		if err := r.settings.Check(); err != nil {
			return r, fmt.Errorf("event_relay_url: %w", err)
		}
	}
	if own == nil {
		return r, nil
	}
	var err error
	r.sender, err = relay.Send(own, settings.EventRelayChannel, settings.EventRelayNames, bus, log)
	if err != nil {
		err = fmt.Errorf("event_relay_names: %w", err)
	}
	return r, err
}

// Listen makes sure that the core listens. It waits for a limited time, and not beyond the
// context's end; the listener keeps trying.
func (r *Relay) Listen(ctx context.Context) {
	listener := r.started()
	if listener == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, listenPatience)
	defer cancel()
	select {
	case <-listener.Ready():
	case <-ctx.Done():
	}
}

func (r *Relay) started() *relay.Listener {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.listener == nil && r.settings != nil {
		r.listener = relay.Listen(*r.settings, r.bus, r.log)
	}
	return r.listener
}

// notify sends events in the transaction of the driver; the bus gets them when it is
// committed.
func (r *Relay) notify(ctx context.Context, driver store.Driver, events []event.Event) error {
	if !r.sends() {
		return nil
	}
	return r.sender.Send(ctx, driver, events)
}

func (r *Relay) sends() bool { return r.sender != nil }

// Close ends the relay: what waits to be sent is sent if the database answers.
func (r *Relay) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.settings = nil
	if r.listener != nil {
		r.listener.Close()
	}
	if r.sender != nil {
		ctx, cancel := context.WithTimeoutCause(context.Background(), farewell, errors.New("the core is closed"))
		defer cancel()
		r.sender.Close(ctx)
	}
}

// RelayStats are the counters of a relay.
type RelayStats struct {
	// Sent events were handed to the database, Failed could not be.
	Sent, Failed uint64
	// Heard is empty while there are no subscriptions.
	Heard relay.Stats
}

// Stats gives the counters.
func (r *Relay) Stats() RelayStats {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var stats RelayStats
	if r.listener != nil {
		stats.Heard = r.listener.Stats()
	}
	if r.sender != nil {
		stats.Sent, stats.Failed = r.sender.Sent(), r.sender.Failed()
	}
	return stats
}

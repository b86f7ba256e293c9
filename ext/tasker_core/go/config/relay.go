package config

import (
	"fmt"
	"strings"
)

// Relay is how events cross between processes.
type Relay struct {
	// EventRelay is whether they do. Default false.
	EventRelay bool `msgpack:"event_relay"`
	// EventRelayChannel is the channel of LISTEN and NOTIFY. Default tasker_core_events.
	EventRelayChannel string `msgpack:"event_relay_channel"`
	// EventRelayURL is where to LISTEN: the server itself where DatabaseURL leads
	// through PgBouncer. Default DatabaseURL.
	EventRelayURL Secret `msgpack:"event_relay_url"`
	// EventRelayNames are the events that are sent: names, prefixes with a star, or a
	// star. Default all.
	EventRelayNames []string `msgpack:"event_relay_names"`
}

// longestChannel is PostgreSQL's limit of an identifier.
const longestChannel = 63

// ListenURL is where to LISTEN, empty for nowhere.
func (c Config) ListenURL() string {
	if c.EventRelayURL != "" {
		return c.EventRelayURL.Reveal()
	}
	return c.DatabaseURL.Reveal()
}

func (r Relay) validateRelay() error {
	if r.EventRelayChannel == "" || len(r.EventRelayChannel) > longestChannel || strings.ContainsRune(r.EventRelayChannel, 0) {
		return fmt.Errorf("event_relay_channel is %q; it must have 1 to %d characters", r.EventRelayChannel, longestChannel)
	}
	return nil
}

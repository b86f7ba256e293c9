package wire

import (
	"context"
	"math"
	"time"

	"github.com/jcoletaylor/tasker_core/go/operation"
)

type relayArguments struct {
	URL     string   `msgpack:"url"`
	Channel string   `msgpack:"channel"`
	Names   []string `msgpack:"names"`
	Listen  bool     `msgpack:"listen"`
	Own     []string `msgpack:"own"`
	// Wait is how many seconds the call waits until it listens.
	Wait float64 `msgpack:"wait"`
}

// startRelay is whether it listens already.
func startRelay(c call, a relayArguments) (any, error) {
	if math.IsNaN(a.Wait) || a.Wait < 0 {
		return nil, Errorf(CodeInvalidArgument, "wait is %v; it must be seconds", a.Wait)
	}
	ctx, cancel := context.WithTimeout(c.ctx, time.Duration(min(a.Wait, 3600)*float64(time.Second)))
	defer cancel()
	err := operation.StartRelay(ctx, c.core, operation.RelaySettings{URL: a.URL, Channel: a.Channel, Names: a.Names, Listen: a.Listen, Own: a.Own})
	if err != nil {
		return nil, err
	}
	listener := c.core.Relay.Stats().Listener
	return listener != nil && listener.Listening, nil
}

func stopRelay(c call, _ struct{}) (any, error) {
	c.core.Relay.Stop()
	return nil, nil
}

// relayStats has what was sent, and what was heard where it listens.
func relayStats(c call, _ struct{}) (any, error) {
	stats := c.core.Relay.Stats()
	reply := map[string]any{"sent": stats.Sent, "failed": stats.Failed, "origin": c.core.Bus.Origin(), "listening": false}
	if heard := stats.Listener; heard != nil {
		reply["listening"], reply["failure"] = heard.Listening, heard.Failure
		reply["messages"], reply["own"], reply["malformed"] = heard.Messages, heard.Own, heard.Malformed
		reply["events"], reply["gaps"] = heard.Events, heard.Gaps
	}
	return reply, nil
}

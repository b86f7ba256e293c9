package wire

// relayStats has what was sent to other processes and what was heard of them.
func relayStats(c call, _ struct{}) (any, error) {
	stats := c.core.Relay.Stats()
	return map[string]any{"sent": stats.Sent, "failed": stats.Failed, "listening": stats.Heard.Listening,
		"failure": stats.Heard.Failure, "messages": stats.Heard.Messages, "own": stats.Heard.Own,
		"malformed": stats.Heard.Malformed, "events": stats.Heard.Events, "gaps": stats.Heard.Gaps}, nil
}

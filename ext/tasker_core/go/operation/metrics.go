package operation

import "github.com/jcoletaylor/tasker_core/go/telemetry"

// Metrics are the counters and gauges of a core, in a fixed order.
func Metrics(core *Core) []telemetry.Metric {
	metrics := core.Stats.Metrics()
	metrics = append(metrics, core.Sessions.metrics()...)
	metrics = append(metrics, busMetrics(core)...)
	metrics = append(metrics, core.Relay.metrics()...)
	metrics = append(metrics, core.Tracer.Counts().Metrics()...)
	return append(metrics, core.Log.Lines.Metrics()...)
}

func (s *Sessions) metrics() []telemetry.Metric {
	number := telemetry.Number[int64]
	return []telemetry.Metric{
		number("tasker_core_sessions_open", telemetry.Gauge, "Task runs that are open.", int64(s.Count())),
		number("tasker_core_sessions_opened_total", telemetry.Counter, "Task runs that were opened.", s.stats.Opened.Load()),
		number("tasker_core_claims_total", telemetry.Counter, "Claims of steps, including refused ones.", s.stats.Claims.Load()),
		number("tasker_core_claims_refused_total", telemetry.Counter, "Claims of steps that the database refused.", s.stats.ClaimsRefused.Load()),
		number("tasker_core_steps_finished_total", telemetry.Counter, "Steps whose outcome was written.", s.stats.Finished.Load()),
		number("tasker_core_results_late_total", telemetry.Counter, "Outcomes that were refused because the claim no longer held.", s.stats.Late.Load()),
		number("tasker_core_strict_reads_total", telemetry.Counter, "Reads of a whole task by its run.", s.stats.StrictReads.Load()),
	}
}

func busMetrics(core *Core) []telemetry.Metric {
	s := core.Bus.Stats()
	number := telemetry.Number[uint64]
	return []telemetry.Metric{
		number("tasker_core_events_published_total", telemetry.Counter, "Events that the bus accepted.", s.Published),
		number("tasker_core_events_matched_total", telemetry.Counter, "Events that matched, once for each subscription.", s.Matched),
		number("tasker_core_events_delivered_total", telemetry.Counter, "Events that subscriptions took.", s.Delivered),
		number("tasker_core_events_dropped_total", telemetry.Counter, "Events for which a subscription had no room.", s.Dropped),
		number("tasker_core_events_spilled_total", telemetry.Counter, "Events that went through a temporary file.", s.Spilled),
		number("tasker_core_events_pending", telemetry.Gauge, "Events that wait for their subscriptions.", s.Pending),
		number("tasker_core_subscriptions_open", telemetry.Gauge, "Subscriptions that are open.", uint64(s.Subscriptions)),
	}
}

func (r *Relay) metrics() []telemetry.Metric {
	s := r.Stats()
	number := telemetry.Number[uint64]
	return []telemetry.Metric{
		number("tasker_core_relay_events_sent_total", telemetry.Counter, "Events that were sent to other processes.", s.Sent),
		number("tasker_core_relay_events_failed_total", telemetry.Counter, "Events that could not be sent to other processes.", s.Failed),
		number("tasker_core_relay_events_received_total", telemetry.Counter, "Events of other processes that were published here.", s.Heard.Events),
		number("tasker_core_relay_reconnects_total", telemetry.Counter, "Reconnections of the relay.", s.Heard.Gaps),
	}
}

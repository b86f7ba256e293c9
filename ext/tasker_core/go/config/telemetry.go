package config

import (
	"fmt"
	"path/filepath"
	"time"
)

// Telemetry is what the core tells about itself, and where.
type Telemetry struct {
	// Tracing is off (the default) or on: spans are sent over OTLP/HTTP as the
	// OTEL_ variables say.
	Tracing string `msgpack:"tracing"`
	// ServiceName names the resource of the spans; it wins over OTEL_SERVICE_NAME.
	ServiceName string `msgpack:"service_name"`
	// FallbackServiceName is used where neither ServiceName nor the environment
	// names the service.
	FallbackServiceName string `msgpack:"fallback_service_name"`
	// OTLPEndpoint is a URL; it wins over OTEL_EXPORTER_OTLP_ENDPOINT. Spans go to
	// its path v1/traces.
	OTLPEndpoint Secret `msgpack:"otlp_endpoint"`
	// TraceSampleRatio is how many of the traces that begin here are kept, 0 to 1;
	// it wins over OTEL_TRACES_SAMPLER. A parent's decision wins over both.
	TraceSampleRatio *float64 `msgpack:"trace_sample_ratio"`
	// LogDestination is stderr (the default), queue for a host that takes the lines
	// (see the operation log_lines), or the absolute path of a file that is appended to.
	LogDestination string `msgpack:"log_destination"`
	// LogFilter says which values are hidden.
	LogFilter LogFilter `msgpack:"log_filter"`
	// SlowStatementSeconds is how long a statement may take before it is logged; 0
	// logs none. Default 1.
	SlowStatementSeconds float64 `msgpack:"slow_statement_seconds"`
	// Environment holds the host's OTEL_ variables. A Go runtime that is loaded into
	// a process knows those that the process began with, not what it has set since.
	// Nil leaves them as the runtime knows them.
	Environment map[string]string `msgpack:"environment"`
}

// LogFilter hides values in log lines by their keys: see telemetry.filter.
type LogFilter struct {
	// Texts match keys that contain them, whatever their case.
	Texts []string `msgpack:"texts"`
	// Regexps match keys in Go's syntax. One that Go does not read stands for Opaque.
	Regexps []string `msgpack:"regexps"`
	// Mask stands in place of hidden values. Default [FILTERED].
	Mask string `msgpack:"mask"`
	// Opaque tells that the host has filters which the core cannot apply: arguments of
	// operations are not logged at all then.
	Opaque bool `msgpack:"opaque"`
}

// longestSlow is an hour.
const longestSlow = 3600

// SlowStatement is SlowStatementSeconds as a duration.
func (t Telemetry) SlowStatement() time.Duration {
	return time.Duration(t.SlowStatementSeconds * float64(time.Second))
}

// TracingOn tells whether spans are to be sent, before the environment is asked.
func (t Telemetry) TracingOn() bool { return t.Tracing == "on" }

func (t Telemetry) validateTelemetry() error {
	if t.Tracing != "off" && t.Tracing != "on" {
		return fmt.Errorf("tracing is %q; it must be off or on", t.Tracing)
	}
	if t.LogDestination != "stderr" && t.LogDestination != "queue" && !filepath.IsAbs(t.LogDestination) {
		return fmt.Errorf("log_destination is %q; it must be stderr, queue or the absolute path of a file", t.LogDestination)
	}
	if !(t.SlowStatementSeconds >= 0 && t.SlowStatementSeconds <= longestSlow) {
		return fmt.Errorf("slow_statement_seconds is %v; it must be between 0 and %d", t.SlowStatementSeconds, longestSlow)
	}
	if ratio := t.TraceSampleRatio; ratio != nil && !(*ratio >= 0 && *ratio <= 1) {
		return fmt.Errorf("trace_sample_ratio is %v; it must be between 0 and 1", *ratio)
	}
	return nil
}

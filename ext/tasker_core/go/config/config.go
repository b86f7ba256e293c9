// Package config holds the settings of a core.
package config

import (
	"fmt"
	"time"

	"github.com/jcoletaylor/tasker_core/go/msgpackstrict"
)

// Config is what a host may set when it opens a core. Zero values mean the
// defaults given here.
type Config struct {
	// LogLevel is debug, info, warn, error or off. Default warn.
	LogLevel string `msgpack:"log_level"`
	// LogFormat is json or console. Default json.
	LogFormat string `msgpack:"log_format"`
	// MaxProcs caps the processors that the Go runtime uses at once, 0 for no
	// cap. Default 2: the core decides, the host executes.
	MaxProcs int `msgpack:"max_procs"`
	// MaxSessions is how many task runs may be open at once. Default 10,000.
	MaxSessions int `msgpack:"max_sessions"`

	// DatabaseURL gives the core its own connections. Without it, the host runs the statements.
	DatabaseURL Secret `msgpack:"database_url"`
	// PoolMaxConnections is how many of them may be open at once. Default 4.
	PoolMaxConnections int `msgpack:"pool_max_connections"`
	// PoolExecMode is how statements are sent: cache_statement (the default),
	// cache_describe, describe_exec, exec or simple_protocol; see pool.ExecModes
	// for which of them work behind PgBouncer.
	PoolExecMode string `msgpack:"pool_exec_mode"`
	// PoolAcquireTimeoutSeconds bounds the wait for a connection. Default 5.
	PoolAcquireTimeoutSeconds float64 `msgpack:"pool_acquire_timeout_seconds"`
	// ApplicationName is shown in pg_stat_activity. The default is the URL's, or tasker_core.
	ApplicationName string `msgpack:"application_name"`

	Telemetry
	Relay
}

// AcquireTimeout is PoolAcquireTimeoutSeconds as a duration.
func (c Config) AcquireTimeout() time.Duration {
	return time.Duration(c.PoolAcquireTimeoutSeconds * float64(time.Second))
}

// Defaults gives the settings of a core whose host sets none.
func Defaults() Config {
	return Config{LogLevel: "warn", LogFormat: "json", MaxProcs: 2, MaxSessions: 10_000,
		PoolMaxConnections: 4, PoolExecMode: "cache_statement", PoolAcquireTimeoutSeconds: 5,
		Telemetry: Telemetry{Tracing: "off", SlowStatementSeconds: 1, LogDestination: "stderr", LogFilter: LogFilter{Mask: "[FILTERED]"}},
		Relay:     Relay{EventRelayChannel: "tasker_core_events", EventRelayNames: []string{"*"}}}
}

// Decode reads a msgpack map of settings over the defaults. An unknown setting
// or a wrong value is an error that names it.
func Decode(data []byte) (Config, error) {
	config := Defaults()
	if len(data) == 0 {
		return config, nil
	}
	if err := msgpackstrict.Decode(data, &config); err != nil {
		return config, fmt.Errorf("invalid settings: %w", err)
	}
	return config, config.validate()
}

func (c Config) validate() error {
	switch c.LogLevel {
	case "debug", "info", "warn", "error", "off":
	default:
		return fmt.Errorf("log_level is %q; it must be debug, info, warn, error or off", c.LogLevel)
	}
	if c.LogFormat != "json" && c.LogFormat != "console" {
		return fmt.Errorf("log_format is %q; it must be json or console", c.LogFormat)
	}
	if c.MaxProcs < 0 {
		return fmt.Errorf("max_procs is %d; it must be 0 (no cap) or above", c.MaxProcs)
	}
	if c.MaxSessions < 1 {
		return fmt.Errorf("max_sessions is %d; it must be 1 or above", c.MaxSessions)
	}
	if err := c.validateTelemetry(); err != nil {
		return err
	}
	if err := c.validateRelay(); err != nil {
		return err
	}
	return c.validatePool()
}

package config

import (
	"fmt"
	"slices"
	"strings"
)

// execModes are the values of PoolExecMode.
var execModes = []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}

const (
	// maxConnections is far above what a pool of readers needs, and below what
	// PostgreSQL can take: more is a mistake.
	maxConnections = 1000
	// longestAcquire is an hour.
	longestAcquire = 3600
)

func (c Config) validatePool() error {
	if c.PoolMaxConnections < 1 || c.PoolMaxConnections > maxConnections {
		return fmt.Errorf("pool_max_connections is %d; it must be between 1 and %d", c.PoolMaxConnections, maxConnections)
	}
	if !slices.Contains(execModes, c.PoolExecMode) {
		return fmt.Errorf("pool_exec_mode is %q; it must be one of %s", c.PoolExecMode, strings.Join(execModes, ", "))
	}
	// Written so that NaN is refused too.
	if !(c.PoolAcquireTimeoutSeconds > 0 && c.PoolAcquireTimeoutSeconds <= longestAcquire) {
		return fmt.Errorf("pool_acquire_timeout_seconds is %v; it must be above 0 and at most %d", c.PoolAcquireTimeoutSeconds, longestAcquire)
	}
	if strings.ContainsRune(c.ApplicationName, 0) {
		return fmt.Errorf("application_name holds a zero byte")
	}
	return nil
}

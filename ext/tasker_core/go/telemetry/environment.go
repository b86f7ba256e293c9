package telemetry

import (
	"os"
	"strings"
	"sync"
)

const variablePrefix = "OTEL_"

var environment sync.Mutex

// adopt gives this runtime the host's OTEL_ variables: it copied those that the
// process began with, and a host may have set others since (from a .env file, say).
// What differs is in the process's own environment already, so that nothing of it
// moves.
func adopt(variables map[string]string) {
	if variables == nil {
		return
	}
	environment.Lock()
	defer environment.Unlock()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if _, kept := variables[name]; !kept && strings.HasPrefix(name, variablePrefix) {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range variables {
		if known, set := os.LookupEnv(name); strings.HasPrefix(name, variablePrefix) && (!set || known != value) {
			_ = os.Setenv(name, value)
		}
	}
}

// disabled tells whether the environment keeps spans from being sent.
func disabled() bool {
	return strings.EqualFold(strings.TrimSpace(os.Getenv("OTEL_SDK_DISABLED")), "true") ||
		strings.EqualFold(strings.TrimSpace(os.Getenv("OTEL_TRACES_EXPORTER")), "none")
}

package telemetry

import (
	"os"
	"strconv"
	"time"
)

// limits are those of OpenTelemetry's batch span processor, with its variables and
// defaults.
type limits struct {
	// queue is how many spans may wait.
	queue int
	// batch is how many are sent at once.
	batch int
	// delay is how long they wait for others.
	delay time.Duration
	// timeout is how long sending may take.
	timeout time.Duration
}

func limitsOfEnvironment() limits {
	l := limits{
		queue:   variable("OTEL_BSP_MAX_QUEUE_SIZE", 2048),
		batch:   variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
		delay:   time.Duration(variable("OTEL_BSP_SCHEDULE_DELAY", 5000)) * time.Millisecond,
		timeout: time.Duration(variable("OTEL_BSP_EXPORT_TIMEOUT", 30_000)) * time.Millisecond,
	}
	l.batch = min(l.batch, l.queue)
	return l
}

// variable returns a whole number above 0, or the default.
func variable(name string, otherwise int) int {
	if value, err := strconv.ParseInt(os.Getenv(name), 10, 32); err == nil && value > 0 {
		return int(value)
	}
	return otherwise
}

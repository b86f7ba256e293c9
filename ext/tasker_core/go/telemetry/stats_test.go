package telemetry_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/telemetry"
	"github.com/jcoletaylor/tasker_core/go/telemetry/otlptest"
)

func TestEveryCountIsThereWhoeverCountsAtTheSameTime(t *testing.T) {
	stats := &telemetry.Stats{}
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 1000 {
				stats.Operation("viable_steps", "", time.Duration(i)*time.Microsecond)
				stats.Statement(fmt.Sprint("statement ", worker%2), i%10 == 0, time.Millisecond)
			}
		})
	}
	group.Wait()
	families, err := otlptest.ParseMetrics(strings.NewReader(telemetry.Text(stats.Metrics())))
	require.NoError(t, err)
	operations := families["tasker_core_operation_duration_seconds"].GetMetric()
	require.Len(t, operations, 1)
	assert.EqualValues(t, 8000, operations[0].GetHistogram().GetSampleCount())
	assert.InDelta(t, 8*0.4995, operations[0].GetHistogram().GetSampleSum(), 1e-6)
	statements := families["tasker_core_statement_duration_seconds"].GetMetric()
	require.Len(t, statements, 2)
	assert.EqualValues(t, 4000, statements[0].GetHistogram().GetSampleCount())
	assert.InDelta(t, 400, families["tasker_core_statement_errors_total"].GetMetric()[1].GetCounter().GetValue(), 0)
}

// A value at a bound belongs to its bucket, as Prometheus has it.
func TestABoundBelongsToItsBucket(t *testing.T) {
	stats := &telemetry.Stats{}
	for _, d := range []time.Duration{0, 100 * time.Microsecond, 100*time.Microsecond + 1, time.Second, 10 * time.Second, time.Hour} {
		stats.Operation("x", "", d)
	}
	counts := stats.Metrics()[0].Samples[0].Distribution.Counts
	at := func(bound float64) uint64 {
		for i, b := range telemetry.Bounds {
			if b == bound {
				return counts[i]
			}
		}
		return math.MaxUint64
	}
	assert.EqualValues(t, []uint64{2, 3, 4, 5, 6}, []uint64{at(0.0001), at(0.00025), at(1), at(10), counts[len(telemetry.Bounds)]})
}

func TestNamesFromOutsideDoNotUseUpTheMemory(t *testing.T) {
	stats := &telemetry.Stats{}
	for i := range 10_000 {
		stats.Statement(fmt.Sprint("made up ", i), true, 0)
	}
	for _, metric := range stats.Metrics() {
		assert.LessOrEqual(t, len(metric.Samples), 257, metric.Name)
	}
}

func TestTheTextIsReadByPrometheus(t *testing.T) {
	nasty := "a \"quoted\"\\ name\nof two lines\xff"
	text := telemetry.Text([]telemetry.Metric{
		telemetry.Number("tasker_core_sessions_open", telemetry.Gauge, "Help with a \\ and\na line break.", 3),
		{Name: "tasker_core_failovers_total", Kind: telemetry.Counter, Help: "Fail-overs.",
			Samples: []telemetry.Sample{{Labels: []telemetry.Label{{Name: "capability", Value: nasty}}, Value: 1e21}}},
		{Name: "tasker_core_empty_total", Kind: telemetry.Counter, Help: "Nothing yet."},
	})
	families, err := otlptest.ParseMetrics(strings.NewReader(text))
	require.NoError(t, err, text)
	assert.InDelta(t, 3, families["tasker_core_sessions_open"].GetMetric()[0].GetGauge().GetValue(), 0)
	failovers := families["tasker_core_failovers_total"].GetMetric()[0]
	assert.Equal(t, strings.ToValidUTF8(nasty, "\uFFFD"), failovers.GetLabel()[0].GetValue())
	assert.InDelta(t, 1e21, failovers.GetCounter().GetValue(), 0)
	assert.NotContains(t, families, "tasker_core_empty_total")
}

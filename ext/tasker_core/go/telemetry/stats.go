package telemetry

import (
	"sync/atomic"
	"time"
)

// Stats count what a core does. Counting takes no lock.
type Stats struct {
	operations series[histogram]
	statements series[histogram]
	// failures of operations, by operation and code.
	failures series[series[atomic.Uint64]]
	// refused are statements that the database refused, by name.
	refused series[atomic.Uint64]
}

// Operation counts an operation that has ended, with the time spent in it and in its
// statements. code is empty where it did not fail.
func (s *Stats) Operation(name, code string, d time.Duration) {
	s.operations.of(name).observe(d)
	if code != "" {
		s.failures.of(name).of(code).Add(1)
	}
}

// Statement counts a statement that was run.
func (s *Stats) Statement(name string, failed bool, d time.Duration) {
	s.statements.of(name).observe(d)
	if failed {
		s.refused.of(name).Add(1)
	}
}

// Metrics give the counts.
func (s *Stats) Metrics() []Metric {
	failures := Metric{Name: "tasker_core_operation_errors_total", Kind: Counter, Help: "Operations that failed, by error code."}
	s.failures.each(func(operation string, codes *series[atomic.Uint64]) {
		codes.each(func(code string, count *atomic.Uint64) {
			failures.Samples = append(failures.Samples, Sample{Value: float64(count.Load()),
				Labels: []Label{{"operation", operation}, {"code", code}}})
		})
	})
	refused := Metric{Name: "tasker_core_statement_errors_total", Kind: Counter, Help: "Statements that the database refused or that did not reach it."}
	s.refused.each(func(name string, count *atomic.Uint64) {
		refused.Samples = append(refused.Samples, Sample{Labels: []Label{{"statement", name}}, Value: float64(count.Load())})
	})
	return []Metric{
		latencies("tasker_core_operation_duration_seconds", "Time spent in operations and their statements.", "operation", &s.operations),
		failures.Sorted(),
		latencies("tasker_core_statement_duration_seconds", "Time spent in the core's database statements.", "statement", &s.statements),
		refused.Sorted(),
	}
}

func latencies(name, help, label string, values *series[histogram]) Metric {
	metric := Metric{Name: name, Kind: Histogram, Help: help}
	values.each(func(name string, h *histogram) {
		metric.Samples = append(metric.Samples, Sample{Labels: []Label{{label, name}}, Distribution: h.snapshot()})
	})
	return metric.Sorted()
}

// Metrics give the counts of the spans.
func (c SpanCounts) Metrics() []Metric {
	outcome := func(name string, count uint64) Sample {
		return Sample{Labels: []Label{{"outcome", name}}, Value: float64(count)}
	}
	return []Metric{
		{Name: "tasker_core_spans_total", Kind: Counter, Help: "Spans that were exported, dropped for lack of room, or failed to be sent.",
			Samples: []Sample{outcome("exported", c.Exported), outcome("dropped", c.Dropped), outcome("failed", c.Failed)}},
		Number("tasker_core_spans_waiting", Gauge, "Spans that wait to be exported.", c.Waiting),
	}
}

package wire

import (
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

type statsArguments struct {
	// Reports are what the host itself has counted, each [capability, kind, count].
	Reports []report `msgpack:"reports"`
}

type report struct {
	_msgpack   struct{} `msgpack:",as_array"`
	Capability string
	Kind       string
	Count      uint64
}

const failover = "failover"

func (a statsArguments) metrics(core *operation.Core) []telemetry.Metric {
	reports := telemetry.Metric{Name: "tasker_core_reports_total", Kind: telemetry.Counter, Help: "Reports by capability and kind, without fail-overs."}
	failovers := telemetry.Metric{Name: "tasker_core_failovers_total", Kind: telemetry.Counter,
		Help: "Calls that the engine's own code finished because the core failed."}
	for _, r := range a.Reports {
		sample := telemetry.Sample{Labels: []telemetry.Label{{Name: "capability", Value: r.Capability}}, Value: float64(r.Count)}
		if r.Kind == failover {
			failovers.Samples = append(failovers.Samples, sample)
			continue
		}
		sample.Labels = append(sample.Labels, telemetry.Label{Name: "kind", Value: r.Kind})
		reports.Samples = append(reports.Samples, sample)
	}
	return append(operation.Metrics(core), failovers.Sorted(), reports.Sorted())
}

// stats are [name, kind, help, samples] with samples of [labels, value], where the
// value of a histogram is [upper bounds, cumulative counts, sum]; the last count is
// that of all values.
func stats(c call, a statsArguments) (any, error) {
	metrics := a.metrics(c.core)
	value := make([]any, len(metrics))
	for i, metric := range metrics {
		samples := make([]any, len(metric.Samples))
		for j, sample := range metric.Samples {
			samples[j] = sampleOf(sample)
		}
		value[i] = []any{metric.Name, string(metric.Kind), metric.Help, samples}
	}
	return value, nil
}

func sampleOf(sample telemetry.Sample) []any {
	labels := make(map[string]string, len(sample.Labels))
	for _, label := range sample.Labels {
		labels[label.Name] = label.Value
	}
	if d := sample.Distribution; d != nil {
		return []any{labels, []any{telemetry.Bounds[:], d.Counts, d.Sum}}
	}
	return []any{labels, sample.Value}
}

// statsText is the same in Prometheus' text form.
func statsText(c call, a statsArguments) (any, error) { return telemetry.Text(a.metrics(c.core)), nil }

// logLines is the queue of the core's log lines, for a host that has set
// log_destination to queue; each is [level, text]. It is asked once for each core.
func logLines(c call, _ struct{}) (any, error) {
	lines := c.core.Log.Lines
	if lines == nil {
		return nil, Errorf(CodeInvalidArgument, "the log lines of this core go elsewhere: set log_destination to queue")
	}
	return queueReply{Queue: int64(queue.Open(lines)), Descriptor: int64(lines.Descriptor())}, nil
}

package otlptest

import (
	"fmt"
	"io"
	"strings"

	metrics "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// ParseMetrics reads metrics in Prometheus' text form with Prometheus' own parser,
// and applies what promtool's linter asks of names and help texts.
func ParseMetrics(text io.Reader) (map[string]*metrics.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, err
	}
	for name, family := range families {
		if err := lint(name, family); err != nil {
			return nil, err
		}
	}
	return families, nil
}

func lint(name string, family *metrics.MetricFamily) error {
	counter := family.GetType() == metrics.MetricType_COUNTER
	switch {
	case family.GetHelp() == "":
		return fmt.Errorf("%s has no help text", name)
	case counter != strings.HasSuffix(name, "_total"):
		return fmt.Errorf("%s: counters and nothing else end in _total", name)
	case family.GetType() == metrics.MetricType_UNTYPED:
		return fmt.Errorf("%s has no type", name)
	case strings.Contains(name, "__") || strings.ToLower(name) != name:
		return fmt.Errorf("%s is not in snake case", name)
	}
	if family.GetType() == metrics.MetricType_HISTOGRAM {
		return lintHistogram(name, family)
	}
	return nil
}

func lintHistogram(name string, family *metrics.MetricFamily) error {
	for _, metric := range family.GetMetric() {
		var last uint64
		for _, bucket := range metric.GetHistogram().GetBucket() {
			if bucket.GetCumulativeCount() < last {
				return fmt.Errorf("%s: the bucket %v has less than the one before", name, bucket.GetUpperBound())
			}
			last = bucket.GetCumulativeCount()
		}
		if last != metric.GetHistogram().GetSampleCount() {
			return fmt.Errorf("%s: +Inf has %d, count is %d", name, last, metric.GetHistogram().GetSampleCount())
		}
	}
	return nil
}

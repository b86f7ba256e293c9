package telemetry

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of a metric, as Prometheus names it.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric is a number or a distribution, with one sample for each set of labels.
type Metric struct {
	Name    string
	Kind    Kind
	Help    string
	Samples []Sample
}

// Sample is a metric's value for one set of labels.
type Sample struct {
	Labels []Label
	Value  float64
	// Distribution is set in place of Value for histograms.
	Distribution *Distribution
}

// Label is a name with a value.
type Label struct{ Name, Value string }

// Distribution is a histogram over Bounds.
type Distribution struct {
	// Counts are how many values lie below or at each of Bounds, and how many there are.
	Counts []uint64
	Sum    float64
}

// Number is a metric of one sample without labels.
func Number[N int | int64 | uint64](name string, kind Kind, help string, value N) Metric {
	return Metric{Name: name, Kind: kind, Help: help, Samples: []Sample{{Value: float64(value)}}}
}

// Sorted puts samples in the order of their labels.
func (m Metric) Sorted() Metric {
	slices.SortFunc(m.Samples, func(a, b Sample) int {
		return slices.CompareFunc(a.Labels, b.Labels, func(x, y Label) int { return cmp.Compare(x.Value, y.Value) })
	})
	return m
}

// Text gives metrics in Prometheus' text form, version 0.0.4.
func Text(metrics []Metric) string {
	var text strings.Builder
	for _, metric := range metrics {
		if len(metric.Samples) == 0 {
			continue
		}
		text.WriteString("# HELP " + metric.Name + " " + escapeHelp.Replace(metric.Help) + "\n")
		text.WriteString("# TYPE " + metric.Name + " " + string(metric.Kind) + "\n")
		for _, sample := range metric.Samples {
			write(&text, metric.Name, sample)
		}
	}
	return text.String()
}

func write(text *strings.Builder, name string, sample Sample) {
	if sample.Distribution == nil {
		line(text, name, sample.Labels, "", number(sample.Value))
		return
	}
	counts := sample.Distribution.Counts
	for i, bound := range Bounds {
		line(text, name+"_bucket", sample.Labels, number(bound), strconv.FormatUint(counts[i], 10))
	}
	all := strconv.FormatUint(counts[len(Bounds)], 10)
	line(text, name+"_bucket", sample.Labels, "+Inf", all)
	line(text, name+"_sum", sample.Labels, "", number(sample.Distribution.Sum))
	line(text, name+"_count", sample.Labels, "", all)
}

// line writes one sample; bound is the label le, empty for none.
func line(text *strings.Builder, name string, labels []Label, bound, value string) {
	text.WriteString(name)
	pairs := make([]string, 0, len(labels)+1)
	for _, label := range labels {
		pairs = append(pairs, label.Name+`="`+escapeLabel.Replace(readable(label.Value))+`"`)
	}
	if bound != "" {
		pairs = append(pairs, `le="`+bound+`"`)
	}
	if len(pairs) > 0 {
		text.WriteString("{" + strings.Join(pairs, ",") + "}")
	}
	text.WriteString(" " + value + "\n")
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

package readiness_test

import (
	"testing"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
)

// BenchmarkEvaluate10k judges 10,000 recorded steps.
func BenchmarkEvaluate10k(b *testing.B) {
	inputs := tenThousand(b)
	rows := make([]readiness.Status, 0, len(inputs))
	b.ReportAllocs()
	for b.Loop() {
		rows = readiness.EvaluateAll(readiness.V02, frozen, inputs, rows[:0])
	}
	require.Len(b, rows, 10_000)
}

func tenThousand(b *testing.B) []readiness.StepInput {
	var inputs []readiness.StepInput
	for len(inputs) < 10_000 {
		for _, c := range readCases(b, "readiness-vectors.json", 300) {
			inputs = append(inputs, c.inputs()...)
		}
	}
	return inputs[:10_000]
}

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

// BenchmarkColumns10k judges the same steps out of columns.
func BenchmarkColumns10k(b *testing.B) {
	columns := columnsOf(tenThousand(b))
	rows := make([]readiness.Status, 0, columns.Len())
	b.ReportAllocs()
	for b.Loop() {
		var err error
		rows, err = columns.Evaluate(readiness.V02, frozen, rows[:0])
		require.NoError(b, err)
	}
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

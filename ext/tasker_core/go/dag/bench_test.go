package dag_test

import (
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/stretchr/testify/require"
)

// BenchmarkLevels100k compiles 100,000 steps in layers of 100 with three parents
// each and computes their levels, each time from ids and edges.
func BenchmarkLevels100k(b *testing.B) { benchmarkLevels(b, 100_000) }

// BenchmarkLevels10k is a tenth of it: the time should be a tenth as well.
func BenchmarkLevels10k(b *testing.B) { benchmarkLevels(b, 10_000) }

func benchmarkLevels(b *testing.B, steps int) {
	ids, edges := layers(steps, 100)
	for b.Loop() {
		_, err := compile(b, ids, edges...).Levels()
		require.NoError(b, err)
	}
}

// BenchmarkCountersWholeRun completes all of 100,000 steps one after the other.
func BenchmarkCountersWholeRun(b *testing.B) {
	ids, edges := layers(100_000, 100)
	graph := compile(b, ids, edges...)
	var freed []int32
	for b.Loop() {
		counters, err := dag.NewCounters(graph, nil)
		require.NoError(b, err)
		for step := range int32(graph.Len()) {
			freed = counters.Complete(step, freed[:0])
		}
	}
}

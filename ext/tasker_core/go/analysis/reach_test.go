package analysis

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

func TestCountsOfWhatLiesBehindAgreeWithWalkingThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 150).Draw(t, "steps")
		var edges []dag.Edge
		for range rapid.IntRange(0, 3*count).Draw(t, "edges") {
			from := rapid.IntRange(1, count).Draw(t, "from")
			to := rapid.IntRange(1, count).Draw(t, "to")
			if from != to {
				edges = append(edges, dag.Edge{From: int64(min(from, to)), To: int64(max(from, to))})
			}
		}
		in := input(t, steps(count, func(_ int, s *readiness.Status) {
			s.DependenciesSatisfied = rapid.Bool().Draw(t, "satisfied")
		}), edges)
		a := &analyzer{Input: in, graph: in.Graph}
		order, err := in.Graph.TopologicalOrder()
		require.NoError(t, err)
		nodes := make([]int32, count)
		for i := range nodes {
			nodes[i] = int32(i)
		}

		walk := newWalk(a)
		for node, counted := range a.reaches(order, nodes) {
			var walked reach
			for _, other := range walk.downstream(int32(node)) {
				walked.all++
				if !a.Steps[other].DependenciesSatisfied {
					walked.blocked++
				}
			}
			assert.Equal(t, walked, counted, "step %d", node+1)
		}
	})
}

func TestWhatLiesBehindIsListedDepthFirst(t *testing.T) {
	in := input(t, steps(5, nil), []dag.Edge{{From: 1, To: 2}, {From: 1, To: 3}, {From: 2, To: 4}, {From: 3, To: 4}, {From: 4, To: 5}})
	assert.Equal(t, []int32{1, 3, 4, 2}, newWalk(&analyzer{Input: in, graph: in.Graph}).downstream(0))
}

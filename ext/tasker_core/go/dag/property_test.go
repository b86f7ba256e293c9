package dag_test

import (
	"cmp"
	"errors"
	"slices"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLevelsEqualTheNaiveLongestPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		rows, err := top.compile(t).DependencyLevels()
		require.NoError(t, err)
		answered := map[int64]int32{}
		for _, row := range rows {
			answered[row.StepID] = row.Level
		}
		require.Equal(t, top.naiveLevels(), answered)
		require.True(t, slices.IsSortedFunc(rows, func(a, b dag.DependencyLevel) int {
			return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.StepID, b.StepID))
		}))
	})
}

func TestMinDepthsEqualTheRecursionOfTheView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		graph := top.compile(t)
		want := top.naiveDepths()
		for node, depth := range graph.MinDepths() {
			expected, known := want[graph.ID(int32(node))]
			if !known {
				expected = dag.NoDepth
			}
			require.Equal(t, expected, depth, "step %d", graph.ID(int32(node)))
		}
	})
}

func TestTopologicalOrderHasParentsFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		graph := top.compile(t)
		order, err := graph.TopologicalOrder()
		require.NoError(t, err)
		require.Len(t, order, len(top.ids))
		for _, edge := range top.edges {
			from, _ := graph.Index(edge.From)
			to, _ := graph.Index(edge.To)
			if !graph.IsForeign(from) && !graph.IsForeign(to) {
				require.Less(t, slices.Index(order, from), slices.Index(order, to))
			}
		}
	})
}

func TestRowOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		graph, again := top.compile(t), top.shuffled(t).compile(t)
		require.ElementsMatch(t, graph.IDs(), again.IDs())
		require.True(t, slices.IsSorted(again.IDs()[:again.Len()]))
		require.Equal(t, graph.Relationships(), again.Relationships())
		order, err := graph.TopologicalOrder()
		require.NoError(t, err)
		orderAgain, err := again.TopologicalOrder()
		require.NoError(t, err)
		require.Equal(t, order, orderAgain)
	})
}

func TestAPlantedCycleIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		if len(top.ids) == 0 {
			t.Skip("no step to plant a cycle on")
		}
		ring := rapid.SliceOfNDistinct(rapid.SampledFrom(top.ids), 1, len(top.ids), rapid.ID).Draw(t, "ring")
		for i, id := range ring {
			top.edges = append(top.edges, dag.Edge{From: id, To: ring[(i+1)%len(ring)]})
		}
		_, err := top.shuffled(t).compile(t).Levels()
		var cycle *dag.CycleError
		require.True(t, errors.As(err, &cycle))
		requireCycle(t, top, cycle.Path)
	})
}

// requireCycle holds a path against the edges: closed, each step once, each part
// an edge, beginning at the smallest id.
func requireCycle(t require.TestingT, top topology, path []int64) {
	require.GreaterOrEqual(t, len(path), 2)
	require.Equal(t, path[0], path[len(path)-1])
	require.Equal(t, slices.Min(path), path[0])
	for i := 1; i < len(path); i++ {
		require.Contains(t, top.edges, dag.Edge{From: path[i-1], To: path[i]})
		require.NotContains(t, path[i:len(path)-1], path[i-1])
	}
}

func TestCountersEqualRecomputation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		graph := drawTopology(t).compile(t)
		states := rapid.SliceOfN(rapid.Bool(), graph.NodeCount(), graph.NodeCount()).Draw(t, "states")
		counters, err := dag.NewCounters(graph, states)
		require.NoError(t, err)
		for _, node := range rapid.Permutation(nodesOf(graph)).Draw(t, "completions") {
			before := counters.AppendFree(nil)
			freed := counters.Complete(node, nil)
			states[node] = true
			afresh, err := dag.NewCounters(graph, states)
			require.NoError(t, err)
			require.Equal(t, afresh, counters)
			require.ElementsMatch(t, newOnes(counters.AppendFree(nil), before), freed)
		}
	})
}

func nodesOf(graph *dag.Graph) []int32 {
	nodes := make([]int32, graph.NodeCount())
	for i := range nodes {
		nodes[i] = int32(i)
	}
	return nodes
}

func newOnes(now, before []int32) []int32 {
	return slices.DeleteFunc(now, func(node int32) bool { return slices.Contains(before, node) })
}

func TestCriticalPathIsTheHeaviestChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		top := drawTopology(t)
		graph := top.compile(t)
		weights := rapid.SliceOfN(rapid.Int64Range(0, 5), graph.Len(), graph.Len()).Draw(t, "weights")
		path, weight, err := graph.CriticalPath(weights)
		require.NoError(t, err)
		sum := int64(0)
		for i, node := range path {
			sum += weights[node]
			if i > 0 {
				require.Contains(t, graph.Children(path[i-1]), node)
			}
		}
		require.Equal(t, weight, sum)
		require.Equal(t, heaviest(graph, weights), weight)
	})
}

// heaviest relaxes every edge as often as there are steps, in no clever order.
func heaviest(graph *dag.Graph, weights []int64) int64 {
	totals := slices.Clone(weights)
	for range weights {
		for node := range weights {
			for _, child := range graph.Children(int32(node)) {
				if !graph.IsForeign(child) {
					totals[child] = max(totals[child], totals[node]+weights[child])
				}
			}
		}
	}
	return slices.Max(append(totals, 0))
}

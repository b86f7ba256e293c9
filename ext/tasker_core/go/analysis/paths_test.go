package analysis

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// steps gives one status for each id from 1, with the state that shape says.
func steps(count int, shape func(i int, s *readiness.Status)) []readiness.Status {
	list := make([]readiness.Status, count)
	for i := range list {
		list[i] = readiness.Status{
			WorkflowStepID: int64(i + 1), Name: fmt.Sprintf("step_%d", i+1), CurrentState: "pending",
			DependenciesSatisfied: true, RetryEligible: true, RetryLimit: 3, Attempts: readiness.Some(int32(0)),
		}
		if shape != nil {
			shape(i, &list[i])
		}
	}
	return list
}

func input(t require.TestingT, list []readiness.Status, edges []dag.Edge) Input {
	ids := make([]int64, len(list))
	var tally readiness.Tally
	for i := range list {
		ids[i] = list[i].WorkflowStepID
		tally.Add(&list[i])
	}
	graph, err := dag.Compile(ids, edges)
	require.NoError(t, err)
	return Input{Graph: graph, Steps: list, Task: tally.Context(readiness.TaskInput{TaskID: 1}), Weights: DefaultWeights()}
}

// allPaths lists paths as the engine does: by root, by leaf, by search.
func allPaths(a *analyzer) [][]int32 {
	var leaves []int32
	for node := range int32(a.graph.Len()) {
		if len(a.children(node)) == 0 {
			leaves = append(leaves, node)
		}
	}
	var paths [][]int32
	var search func(path []int32, leaf int32)
	search = func(path []int32, leaf int32) {
		last := path[len(path)-1]
		if last == leaf {
			paths = append(paths, slices.Clone(path))
			return
		}
		for _, child := range a.children(last) {
			search(append(path, child), leaf)
		}
	}
	for node := range int32(a.graph.Len()) {
		if len(a.parents(node)) == 0 {
			for _, leaf := range leaves {
				search([]int32{node}, leaf)
			}
		}
	}
	return paths
}

func TestTheShownPathsAreThoseOfAFullEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 9).Draw(t, "steps")
		var edges []dag.Edge
		for from := 1; from <= count; from++ {
			for to := from + 1; to <= count; to++ {
				for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(t, "edges") {
					edges = append(edges, dag.Edge{From: int64(from), To: int64(to)})
				}
			}
		}
		in := input(t, steps(count, func(_ int, s *readiness.Status) {
			s.CurrentState = rapid.SampledFrom([]string{"pending", "complete", "complete", "complete", "error"}).Draw(t, "state")
			s.Attempts = readiness.Some(rapid.Int32Range(0, 4).Draw(t, "attempts"))
			s.DependenciesSatisfied = rapid.Bool().Draw(t, "satisfied")
		}), edges)
		in.Weights.Impact.CompletedPenalty = rapid.SampledFrom([]int64{15, 60}).Draw(t, "penalty")
		a := &analyzer{Input: in, graph: in.Graph}
		order, err := in.Graph.TopologicalOrder()
		require.NoError(t, err)

		every := allPaths(a)
		assert.Equal(t, fmt.Sprint(len(every)), a.countPaths(order).String())
		score := func(path []int32) (sum int64) {
			for _, node := range path {
				sum += a.stepScore(&a.Steps[node])
			}
			return max(sum, 0)
		}
		slices.SortStableFunc(every, func(x, y []int32) int { return int(score(y) - score(x)) })
		assert.Equal(t, every[:min(shownPaths, len(every))], append([][]int32(nil), a.mostCritical(order)...))
	})
}

func TestAGraphWithMorePathsThanCanBeListedIsAnalyzed(t *testing.T) {
	const layers, width = 200, 3
	var edges []dag.Edge
	for layer := range layers - 1 {
		for from := range width {
			for to := range width {
				edges = append(edges, dag.Edge{From: int64(layer*width + from + 1), To: int64((layer+1)*width + to + 1)})
			}
		}
	}
	found, err := Analyze(input(t, steps(layers*width, nil), edges))
	require.NoError(t, err)
	assert.Len(t, found.CriticalPaths.TotalPaths, 96, "3^200 has 96 digits")
	assert.Equal(t, layers, found.CriticalPaths.LongestPathLength)
	assert.Equal(t, layers, found.Parallelism.TotalLevels)
}

func TestALongChainNeedsNoDeepStack(t *testing.T) {
	const length = 20_000
	edges := make([]dag.Edge, length-1)
	for i := range edges {
		edges[i] = dag.Edge{From: int64(i + 1), To: int64(i + 2)}
	}
	found, err := Analyze(input(t, steps(length, func(i int, s *readiness.Status) {
		s.DependenciesSatisfied = i == 0
		if i == 0 {
			s.CurrentState = "error"
		}
	}), edges))
	require.NoError(t, err)
	assert.EqualValues(t, length-1, found.ErrorChains.Chains[0].TotalDownstreamSteps)
	assert.EqualValues(t, length-1, found.Bottlenecks.TotalBlocked)
}

func TestACircleIsAnErrorWithItsPath(t *testing.T) {
	_, err := Analyze(input(t, steps(2, nil), []dag.Edge{{From: 1, To: 2}, {From: 2, To: 1}}))
	var cycle *dag.CycleError
	require.ErrorAs(t, err, &cycle)
	assert.Equal(t, []int64{1, 2, 1}, cycle.Path)
}

func TestATaskWithoutStepsHasAnEmptyAnalysis(t *testing.T) {
	found, err := Analyze(input(t, nil, nil))
	require.NoError(t, err)
	assert.Equal(t, "0", found.CriticalPaths.TotalPaths)
	assert.Empty(t, found.CriticalPaths.Paths)
	assert.Zero(t, found.Parallelism.TotalLevels)
	assert.Equal(t, None, found.Bottlenecks.OverallImpact)
}

func TestEdgesToOtherTasksAreLeftOut(t *testing.T) {
	found, err := Analyze(input(t, steps(2, nil), []dag.Edge{{From: 1, To: 2}, {From: 77, To: 1}, {From: 2, To: 88}}))
	require.NoError(t, err)
	assert.Equal(t, []Edge{{From: 1, To: 2, FromName: "step_1", ToName: "step_2"}}, found.Graph.Edges)
	assert.Equal(t, []int64{1}, found.CriticalPaths.RootNodes)
	assert.Equal(t, []int64{2}, found.CriticalPaths.LeafNodes)
	assert.Empty(t, found.Graph.Levels, "no root of the task leads to the steps")
}

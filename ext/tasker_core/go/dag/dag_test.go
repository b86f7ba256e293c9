package dag_test

import (
	"errors"
	"math"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/stretchr/testify/require"
)

func compile(t testing.TB, ids []int64, edges ...dag.Edge) *dag.Graph {
	t.Helper()
	graph, err := dag.Compile(ids, edges)
	require.NoError(t, err)
	return graph
}

func TestDuplicateEdgesAreCounted(t *testing.T) {
	graph := compile(t, []int64{2, 1}, dag.Edge{From: 1, To: 2}, dag.Edge{From: 1, To: 2})
	rows := graph.Relationships()
	require.Equal(t, []int64{1, 1}, rows[1].ParentIDs)
	require.Equal(t, 2, rows[1].ParentCount)
	require.Equal(t, []int64{2, 2}, rows[0].ChildIDs)

	counters, err := dag.NewCounters(graph, nil)
	require.NoError(t, err)
	require.Equal(t, 2, counters.Remaining(1))
	require.Equal(t, []int32{1}, counters.Complete(0, nil))
	require.Equal(t, 2, counters.CompletedParents(1))
	require.Empty(t, counters.Complete(0, nil), "a second completion changes nothing")
}

func TestASatisfiedStepIsNotFreedAgain(t *testing.T) {
	graph := compile(t, []int64{1, 2}, dag.Edge{From: 1, To: 2})
	counters, err := dag.NewCounters(graph, []bool{false, true})
	require.NoError(t, err)
	require.Empty(t, counters.Complete(0, nil))
	require.Empty(t, counters.AppendFree(nil))
}

func TestCountersWantAStateForEachNode(t *testing.T) {
	graph := compile(t, []int64{1}, dag.Edge{From: 9, To: 1})
	_, err := dag.NewCounters(graph, []bool{true})
	require.ErrorContains(t, err, "1 states were given for 2 nodes")
}

// Step 3 hangs on a step of another task alone, 4 on 3; 5 on 3 and on root 1.
// Step 1 also has a child in the other task.
func TestForeignStepsInLevelsAndRows(t *testing.T) {
	graph := compile(t, []int64{1, 3, 4, 5},
		dag.Edge{From: 2, To: 3}, dag.Edge{From: 3, To: 4}, dag.Edge{From: 3, To: 5},
		dag.Edge{From: 1, To: 5}, dag.Edge{From: 1, To: 9})
	require.Equal(t, []int64{1, 3, 4, 5, 2, 9}, graph.IDs())

	rows, err := graph.DependencyLevels()
	require.NoError(t, err)
	require.Equal(t, []dag.DependencyLevel{{StepID: 1, Level: 0}, {StepID: 5, Level: 1}}, rows)

	relationships := graph.Relationships()
	require.Equal(t, dag.Relationship{StepID: 1, ParentIDs: []int64{}, ChildIDs: []int64{5, 9}, ChildCount: 2, IsRoot: true}, relationships[0])
	require.Equal(t, dag.Relationship{StepID: 3, ParentIDs: []int64{2}, ChildIDs: []int64{4, 5}, ParentCount: 1, ChildCount: 2, MinDepth: 1}, relationships[1])
	require.Equal(t, dag.Relationship{StepID: 5, ParentIDs: []int64{1, 3}, ChildIDs: []int64{}, ParentCount: 2, IsLeaf: true, MinDepth: 1}, relationships[3])
}

// Step 6 has the parents 3, at level 2 from root 1, and 5, which root 1 leads to
// as well but which also stands behind a long chain that no root leads to.
func TestLevelsBehindAnUnreachedChain(t *testing.T) {
	graph := compile(t, []int64{1, 2, 3, 5, 6, 10, 11, 12, 13},
		dag.Edge{From: 1, To: 2}, dag.Edge{From: 2, To: 3}, dag.Edge{From: 3, To: 6},
		dag.Edge{From: 1, To: 5}, dag.Edge{From: 5, To: 6},
		dag.Edge{From: 99, To: 10}, dag.Edge{From: 10, To: 11}, dag.Edge{From: 11, To: 12},
		dag.Edge{From: 12, To: 13}, dag.Edge{From: 13, To: 5})
	levels, err := graph.Levels()
	require.NoError(t, err)
	none := dag.NoLevel
	require.Equal(t, []int32{0, 1, 2, 1, 3, none, none, none, none}, levels)
}

func TestAForeignAncestorsEdgesDeepenTheStep(t *testing.T) {
	graph := compile(t, []int64{5}, dag.Edge{From: 2, To: 5}, dag.Edge{From: 1, To: 2}, dag.Edge{From: 1, To: 1})
	require.Equal(t, []int32{dag.NoDepth}, graph.MinDepths(), "1 has itself as parent, so nothing is a root")
	graph = compile(t, []int64{5}, dag.Edge{From: 2, To: 5}, dag.Edge{From: 1, To: 2})
	require.Equal(t, []int32{2}, graph.MinDepths())
}

func TestForeignStepsFreeTheirChildren(t *testing.T) {
	graph := compile(t, []int64{10}, dag.Edge{From: 20, To: 10}, dag.Edge{From: 10, To: 30})
	counters, err := dag.NewCounters(graph, nil)
	require.NoError(t, err)
	foreign, found := graph.Index(20)
	require.True(t, found)
	require.True(t, graph.IsForeign(foreign))
	require.Equal(t, []int32{0}, counters.Complete(foreign, nil))
	require.Empty(t, counters.Complete(0, nil), "a step of another task is not ours to free")
}

func TestADepthPastTheLimitIsNull(t *testing.T) {
	ids, edges := chain(53)
	depths := compile(t, ids, edges...).MinDepths()
	require.Equal(t, int32(50), depths[50])
	require.Equal(t, dag.NoDepth, depths[51])
	require.Equal(t, dag.NoDepth, depths[52])
}

func TestCycles(t *testing.T) {
	cases := map[string]struct {
		edges []dag.Edge
		path  []int64
	}{
		"on itself":                 {[]dag.Edge{{From: 2, To: 2}}, []int64{2, 2}},
		"behind a root":             {[]dag.Edge{{From: 1, To: 2}, {From: 2, To: 3}, {From: 3, To: 2}}, []int64{2, 3, 2}},
		"that no root leads to":     {[]dag.Edge{{From: 3, To: 4}, {From: 4, To: 2}, {From: 2, To: 3}}, []int64{2, 3, 4, 2}},
		"with steps hanging behind": {[]dag.Edge{{From: 4, To: 3}, {From: 3, To: 4}, {From: 4, To: 1}, {From: 1, To: 2}}, []int64{3, 4, 3}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			graph := compile(t, []int64{1, 2, 3, 4}, c.edges...)
			_, levelsErr := graph.Levels()
			_, rowsErr := graph.DependencyLevels()
			_, orderErr := graph.TopologicalOrder()
			_, _, pathErr := graph.CriticalPath(make([]int64, 4))
			for _, err := range []error{levelsErr, rowsErr, orderErr, pathErr} {
				var cycle *dag.CycleError
				require.True(t, errors.As(err, &cycle))
				require.Equal(t, c.path, cycle.Path)
			}
			require.Equal(t, c.path, graph.Cycle().Path)
			require.Len(t, graph.Relationships(), 4, "the view answers for a cyclic graph")
		})
	}
}

func TestACycleThroughAnotherTaskIsNotThisTasks(t *testing.T) {
	graph := compile(t, []int64{1, 2}, dag.Edge{From: 1, To: 9}, dag.Edge{From: 9, To: 1}, dag.Edge{From: 1, To: 2})
	rows, err := graph.DependencyLevels()
	require.NoError(t, err)
	require.Empty(t, rows)
	require.Nil(t, graph.Cycle())
}

func TestTheMessageOfALongCycleIsShort(t *testing.T) {
	ids, edges := chain(100_000)
	graph := compile(t, ids, append(edges, dag.Edge{From: 100_000, To: 1})...)
	_, err := graph.Levels()
	require.Equal(t, "the dependencies of this task form a cycle: "+
		"1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> 8 -> 9 -> 10 -> 11 -> 12 -> ... (99989 more); "+
		"delete one of these edges from tasker_workflow_step_edges", err.Error())
	require.Len(t, graph.Cycle().Path, 100_001)
	require.ErrorContains(t, &dag.CycleError{Path: []int64{3, 7, 3}}, "cycle: 3 -> 7 -> 3; delete")
}

func TestALineOf100000Steps(t *testing.T) {
	ids, edges := chain(100_000)
	graph := compile(t, ids, edges...)
	levels, err := graph.Levels()
	require.NoError(t, err)
	require.Equal(t, int32(99_999), levels[99_999])

	counters, err := dag.NewCounters(graph, nil)
	require.NoError(t, err)
	free := counters.AppendFree(nil)
	for step := range int32(graph.Len()) {
		require.Equal(t, []int32{step}, free)
		free = counters.Complete(step, free[:0])
	}
	require.Empty(t, free)
}

func TestCriticalPath(t *testing.T) {
	graph := compile(t, []int64{1, 2, 3, 4},
		dag.Edge{From: 1, To: 2}, dag.Edge{From: 1, To: 3}, dag.Edge{From: 2, To: 4}, dag.Edge{From: 3, To: 4})
	path, weight, err := graph.CriticalPath([]int64{1, 5, 7, 0})
	require.NoError(t, err)
	require.Equal(t, []int32{0, 2, 3}, path, "the step of weight 0 at the end belongs to it")
	require.Equal(t, int64(8), weight)

	path, _, err = graph.CriticalPath([]int64{1, 5, 5, 1})
	require.NoError(t, err)
	require.Equal(t, []int32{0, 1, 3}, path, "of two equals the smaller id")

	_, weight, err = graph.CriticalPath([]int64{math.MaxInt64, 5, 5, 1})
	require.NoError(t, err)
	require.Equal(t, int64(math.MaxInt64), weight)

	_, _, err = graph.CriticalPath([]int64{1})
	require.ErrorContains(t, err, "1 weights were given for 4 steps")
	_, _, err = graph.CriticalPath([]int64{1, 1, -1, 1})
	require.ErrorContains(t, err, "step 3 has the negative weight -1")
}

func TestNothingToCompile(t *testing.T) {
	for _, graph := range []*dag.Graph{compile(t, nil), {}} {
		rows, err := graph.DependencyLevels()
		require.NoError(t, err)
		require.Empty(t, rows)
		require.Empty(t, graph.Relationships())
		require.Empty(t, graph.MinDepths())
		path, weight, err := graph.CriticalPath(nil)
		require.NoError(t, err)
		require.Empty(t, path)
		require.Zero(t, weight)
		_, found := graph.Index(1)
		require.False(t, found)
	}
}

func TestAStepGivenTwiceIsRefused(t *testing.T) {
	_, err := dag.Compile([]int64{4, 7, 4}, nil)
	require.ErrorContains(t, err, "step 4 was given twice")
}

func TestIDsAtTheEndsOfTheRange(t *testing.T) {
	graph := compile(t, []int64{math.MaxInt64, math.MinInt64, 0},
		dag.Edge{From: math.MinInt64, To: math.MaxInt64}, dag.Edge{From: 0, To: math.MaxInt64})
	require.Equal(t, []int64{math.MinInt64, 0, math.MaxInt64}, graph.IDs())
	require.Equal(t, []int32{0, 1}, graph.Parents(2))
	_, found := graph.Index(1)
	require.False(t, found)
}

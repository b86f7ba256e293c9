package dag_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/stretchr/testify/require"
)

// recordedCase is the part of a case of readiness-vectors.json and
// readiness-edge-vectors.json that is about topology: answers recorded from
// tasker-engine 0.1.0. The edges are all edges of the task and of the other task
// that it hangs together with, if any.
type recordedCase struct {
	ID    int `json:"id"`
	Steps []struct {
		Key int64 `json:"key"`
	} `json:"steps"`
	Edges  [][2]int64 `json:"edges"`
	Expect struct {
		Levels [][2]int64 `json:"levels"`
		Dag    []struct {
			Key      int64   `json:"key"`
			Parents  []int64 `json:"parents"`
			Children []int64 `json:"children"`
			IsRoot   bool    `json:"is_root"`
			IsLeaf   bool    `json:"is_leaf"`
			MinDepth *int32  `json:"min_depth"`
		} `json:"dag"`
	} `json:"expect"`
}

func (c recordedCase) compile(t *testing.T) *dag.Graph {
	var ids []int64
	for _, step := range c.Steps {
		ids = append(ids, step.Key)
	}
	var edges []dag.Edge
	for _, edge := range c.Edges {
		edges = append(edges, dag.Edge{From: edge[0], To: edge[1]})
	}
	return compile(t, ids, edges...)
}

func TestRecordedTopologies(t *testing.T) {
	for file, count := range map[string]int{"readiness-vectors.json": 300, "readiness-edge-vectors.json": 90} {
		for _, c := range readCases(t, file, count) {
			graph := c.compile(t)
			requireLevels(t, c, graph)
			requireRelationships(t, c, graph)
		}
	}
}

func readCases(t *testing.T, file string, count int) []recordedCase {
	raw, err := os.ReadFile("../../../../spec/fixtures/parity/" + file)
	require.NoError(t, err)
	var content struct {
		Cases []recordedCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &content))
	require.Len(t, content.Cases, count)
	return content.Cases
}

func requireLevels(t *testing.T, c recordedCase, graph *dag.Graph) {
	rows, err := graph.DependencyLevels()
	require.NoError(t, err)
	answered := [][2]int64{}
	for _, row := range rows {
		answered = append(answered, [2]int64{row.StepID, int64(row.Level)})
	}
	// The file lists rows by step, the function by level; TestLevelsEqualTheNaiveLongestPath holds the order.
	require.ElementsMatch(t, c.Expect.Levels, answered, "case %d", c.ID)
}

func requireRelationships(t *testing.T, c recordedCase, graph *dag.Graph) {
	rows := graph.Relationships()
	require.Len(t, rows, len(c.Expect.Dag), "case %d", c.ID)
	for i, want := range c.Expect.Dag {
		depth := dag.NoDepth
		if want.MinDepth != nil {
			depth = *want.MinDepth
		}
		require.Equal(t, dag.Relationship{
			StepID: want.Key, ParentIDs: want.Parents, ChildIDs: want.Children,
			ParentCount: len(want.Parents), ChildCount: len(want.Children),
			IsRoot: want.IsRoot, IsLeaf: want.IsLeaf, MinDepth: depth,
		}, rows[i], "case %d", c.ID)
	}
}

package analysis

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTemplatesWithoutCirclesHaveLevels(t *testing.T) {
	g, err := AnalyzeTemplates([]Template{
		{"store", []string{"join", "fetch"}}, {"fetch", nil}, {"ask", nil}, {"join", []string{"fetch", "ask"}},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"fetch", "ask", "join", "store"}, g.Topology)
	assert.Equal(t, []int{0, 0, 1, 2}, g.Levels)
	assert.Equal(t, []string{"fetch", "ask"}, g.Roots)
	assert.Equal(t, []string{"store"}, g.Leaves)
	assert.Empty(t, g.Cycles)
	assert.Equal(t, TemplateSummary{TotalSteps: 4, TotalDependencies: 4, MaxDepth: 2, ParallelBranches: 2}, g.Summary)
}

func TestACircleOfTemplatesIsNamed(t *testing.T) {
	g, err := AnalyzeTemplates([]Template{{"a", []string{"b"}}, {"b", []string{"c"}}, {"c", []string{"b"}}, {"d", []string{"a"}}})
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"b", "c", "b"}, {"d", "a"}}, g.Cycles)
	assert.Empty(t, g.Topology)
	assert.True(t, g.Summary.HasCycles)
	assert.Equal(t, 1, g.Summary.ParallelBranches)
}

func TestAnUnknownDependencyIsNamed(t *testing.T) {
	_, err := AnalyzeTemplates([]Template{{"a", []string{"z"}}})
	assert.EqualError(t, err, `the step "a" depends on "z", which is not among the steps; add that step, or correct the name`)
}

func TestEveryTemplateComesAfterWhatItDependsOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 12).Draw(t, "steps")
		list := make([]Template, count)
		for i := range list {
			list[i].Name = fmt.Sprint(i)
			for other := range i {
				if rapid.Bool().Draw(t, "depends") {
					list[i].Dependencies = append(list[i].Dependencies, fmt.Sprint(other))
				}
			}
		}
		g, err := AnalyzeTemplates(rapid.Permutation(list).Draw(t, "order"))
		require.NoError(t, err)
		require.Len(t, g.Topology, count)
		level := make(map[string]int)
		for i, name := range g.Topology {
			var step int
			_, err := fmt.Sscan(name, &step)
			require.NoError(t, err)
			deepest := -1
			for _, dependency := range list[step].Dependencies {
				require.Contains(t, level, dependency)
				deepest = max(deepest, level[dependency])
			}
			level[name] = g.Levels[i]
			assert.Equal(t, deepest+1, g.Levels[i])
		}
	})
}

package drawing

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMermaidOfADiamond(t *testing.T) {
	text, err := Mermaid(diamond())
	require.NoError(t, err)
	assert.Equal(t, `---
title: "shop/order 1.0.0 · task 42 · in progress · 3 of 4 steps done · critical path 3.24 s over 2 steps"
---
flowchart TD
  step_1["step_1<br/>✓ complete · 1 of 3 attempts · 240 ms"]:::complete
  step_2["step_2<br/>✓ complete · 1 of 3 attempts · 1.24 s"]:::complete
  step_3["step_3<br/>✓ complete · 1 of 3 attempts · 3.00 s"]:::complete
  step_4["step_4<br/>○ pending"]:::pending
  step_1 --> step_2
  step_1 ==> step_3
  step_2 --> step_4
  step_3 --> step_4
  classDef complete fill:#dafbe1,stroke:#1a7f37,color:#0b3d1a
  classDef pending fill:#f6f8fa,stroke:#6e7781,color:#24292f,stroke-dasharray:4 3
  classDef critical stroke-width:4px
  class step_1,step_3 critical
`, text)
}

func TestMermaidNamesMeanNothingToMermaid(t *testing.T) {
	for name, written := range map[string]string{
		"validate_order-2.1": "validate_order-2.1",
		`a "b" [c] {d} (e)`:  "a #34;b#34; #91;c#93; #123;d#125; #40;e#41;",
		"<b>;#x&amp;`":       "#60;b#62;#59;#35;x#38;amp#59;#96;",
		"1. first":           "1#46; first",
		"__init__":           "#95;#95;init#95;#95;",
		"- item\nend":        "#45; item end",
		"完成 🚚":               "完成 🚚",
		"nul \x00":           "nul \ufffd",
	} {
		assert.Equal(t, written, mermaidText(name))
	}
}

func TestMermaidShortensNamesAndTurnsWithTheGraph(t *testing.T) {
	task := fan(3)
	task.Steps[0].Name = strings.Repeat("long ", 30)
	text, err := Mermaid(task)
	require.NoError(t, err)
	assert.Contains(t, text, "flowchart LR\n")
	assert.Contains(t, text, `["`+strings.Repeat("long ", 11)+"long…<br/>")
}

func TestDurationsAsPeopleReadThem(t *testing.T) {
	for micros, text := range map[int64]string{
		0: "0 µs", 999: "999 µs", 1000: "1 ms", 240_900: "240 ms", 1_240_000: "1.24 s", 59_999_999: "59.99 s",
		minute: "1 m 0 s", 192 * second: "3 m 12 s", 2*hour + 5*minute: "2 h 5 m", 3*day + 4*hour: "3 d 4 h",
	} {
		assert.Equal(t, text, durationText(micros))
	}
}

func TestADurationNeedsABeginning(t *testing.T) {
	const now = start + 10
	assert.EqualValues(t, unmeasured, (&Step{State: "complete", Ended: start}).duration(now))
	assert.EqualValues(t, unmeasured, (&Step{State: "pending", Began: start}).duration(now), "it waits to be tried again")
	assert.EqualValues(t, 10, (&Step{State: "in_progress", Began: start}).duration(now))
	assert.EqualValues(t, 0, (&Step{State: "in_progress", Began: now + 1}).duration(now), "clocks of two transactions")
	assert.EqualValues(t, 0, (&Step{State: "complete", Began: math.MinInt64, Ended: start}).duration(now))
	assert.EqualValues(t, 4, (&Step{State: "error", Began: start, Ended: start + 4}).duration(now))
}

func TestTheSweepsLeaveNoCrossingThatCanBeHelped(t *testing.T) {
	task := workflowOf(8, [2]int{1, 8}, [2]int{2, 7}, [2]int{3, 6}, [2]int{4, 5})
	w, err := analyze(task)
	require.NoError(t, err)
	d := newDiagram(w)
	position := make([]int32, len(d.vertices))
	d.number(position)
	assert.Equal(t, 6, d.crossings(position))
	d.order()
	d.number(position)
	assert.Zero(t, d.crossings(position))
}

func TestInversionsAreThosePairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int32Range(0, 9), 0, 30).Draw(t, "values")
		expected := 0
		for i := range values {
			for j := range i {
				if values[j] > values[i] {
					expected++
				}
			}
		}
		assert.Equal(t, expected, inversions(values, 10))
	})
}

// The solution of an isotonic regression is the only one that does not fall, has
// the wishes' weighted mean in every run of equal values, and no run that splits
// into a lower and a higher part.
func TestPlacesAreTheNearestThatDoNotFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wishes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) wish {
			return wish{rapid.Float64Range(-100, 100).Draw(t, "y"), rapid.Float64Range(0.1, 9).Draw(t, "weight")}
		}), 1, 20).Draw(t, "wishes")
		values := regress(wishes)
		require.Len(t, values, len(wishes))
		require.True(t, slices.IsSorted(values))
		for first := 0; first < len(values); {
			end := first
			for end < len(values) && math.Abs(values[end]-values[first]) < 1e-9 {
				end++
			}
			assert.InDelta(t, values[first], mean(wishes[first:end]), 1e-6)
			for split := first + 1; split < end; split++ {
				assert.GreaterOrEqual(t, mean(wishes[first:split]), values[first]-1e-6)
			}
			first = end
		}
	})
}

func mean(wishes []wish) float64 {
	sum, weight := 0.0, 0.0
	for _, w := range wishes {
		sum += w.y * w.weight
		weight += w.weight
	}
	return sum / weight
}

func TestTextsThatDoNotFitEndInAnEllipsis(t *testing.T) {
	assert.Equal(t, "short", fit("short", 10))
	cut := fit("validate_the_whole_order", 8)
	assert.True(t, strings.HasSuffix(cut, "…") && strings.HasPrefix("validate_the_whole_order", strings.TrimSuffix(cut, "…")), cut)
	assert.LessOrEqual(t, widthOf(cut), 8.0)
	assert.LessOrEqual(t, widthOf(fit("完成订单完成订单", 4)), 4.0)
}

package drawing

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/dag"
)

type point struct{ x, y float64 }

type box struct {
	id                       string
	left, top, right, bottom float64
}

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

func (b box) holds(p point) bool {
	const edge = 1
	return p.x > b.left+edge && p.x < b.right-edge && p.y > b.top+edge && p.y < b.bottom-edge
}

// shown is what an XML parser finds in a drawing.
type shown struct {
	width, height float64
	boxes         []box
	edges         []string // the d of each edge with a way of its own
	critical      int
	far           int
	texts         []string
	outside       []string // references to anything but the document itself
}

func parse(t require.TestingT, document string) shown {
	var s shown
	decoder := xml.NewDecoder(strings.NewReader(document))
	var stack []xml.StartElement
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return s
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			stack = append(stack, token)
			s.element(t, stack)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && stack[len(stack)-1].Name.Local == "text" {
				s.texts = append(s.texts, string(token))
			}
		}
	}
}

func (s *shown) element(t require.TestingT, stack []xml.StartElement) {
	element := stack[len(stack)-1]
	classes := strings.Fields(attribute(element, "class"))
	switch {
	case element.Name.Local == "svg":
		s.width, s.height = length(t, attribute(element, "width")), length(t, attribute(element, "height"))
	case has(classes, "tc-far"):
		s.far++
	case has(classes, "tc-edge") && len(stack) == 3:
		s.edges = append(s.edges, attribute(element, "d"))
		if has(classes, "tc-way") {
			s.critical++
		}
	case has(classes, "tc-box"):
		s.boxes = append(s.boxes, boxOf(t, stack[len(stack)-2], element))
	}
	for _, a := range element.Attr {
		reference := a.Name.Local == "href" || a.Name.Local == "src" || strings.Contains(a.Value, "url(")
		if reference && !strings.Contains(a.Value, "#tc-") {
			s.outside = append(s.outside, a.Value)
		}
	}
}

func boxOf(t require.TestingT, group, rectangle xml.StartElement) box {
	var left, top float64
	_, err := fmt.Sscanf(attribute(group, "transform"), "translate(%g %g)", &left, &top)
	require.NoError(t, err)
	return box{attribute(group, "data-step"), left, top,
		left + length(t, attribute(rectangle, "width")), top + length(t, attribute(rectangle, "height"))}
}

func attribute(element xml.StartElement, name string) string {
	for _, a := range element.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func has(classes []string, class string) bool {
	for _, c := range classes {
		if c == class {
			return true
		}
	}
	return false
}

func length(t require.TestingT, text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return value
}

var commands = regexp.MustCompile(`[MHVCQ][^MHVCQ]*`)

// points follows a path, in steps small enough to meet every box on its way.
func points(t require.TestingT, d string) []point {
	var at point
	var way []point
	for _, command := range commands.FindAllString(d, -1) {
		var n []float64
		for _, field := range strings.Fields(command[1:]) {
			n = append(n, length(t, field))
		}
		controls := []point{at}
		switch command[0] {
		case 'M':
			controls = []point{{n[0], n[1]}}
		case 'H':
			controls = append(controls, point{n[0], at.y})
		case 'V':
			controls = append(controls, point{at.x, n[0]})
		default:
			for i := 0; i < len(n); i += 2 {
				controls = append(controls, point{n[i], n[i+1]})
			}
		}
		const steps = 12
		for i := range steps + 1 {
			way = append(way, bezier(controls, float64(i)/steps))
		}
		at = controls[len(controls)-1]
	}
	return way
}

func bezier(controls []point, t float64) point {
	if len(controls) == 1 {
		return controls[0]
	}
	a, b := bezier(controls[:len(controls)-1], t), bezier(controls[1:], t)
	return point{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t}
}

// checkGeometry demands that boxes lie apart and inside, and edges beside them.
func checkGeometry(t require.TestingT, task Task) shown {
	document, err := SVG(task)
	require.NoError(t, err)
	s := parse(t, document)
	require.Empty(t, s.outside)
	require.Len(t, s.boxes, len(task.Steps))
	for i, b := range s.boxes {
		require.True(t, b.left >= 0 && b.top >= headHeight-1 && b.right <= s.width && b.bottom <= s.height, "step %s lies outside", b.id)
		for _, other := range s.boxes[:i] {
			require.False(t, b.overlaps(other), "steps %s and %s overlap", b.id, other.id)
		}
	}
	for _, d := range s.edges {
		for _, p := range points(t, d) {
			require.True(t, p.x >= 0 && p.x <= s.width && p.y >= 0 && p.y <= s.height, "%s leaves the drawing", d)
			for _, b := range s.boxes {
				require.False(t, b.holds(p), "%s runs through step %s at %v", d, b.id, p)
			}
		}
	}
	return s
}

func TestBoxesLieApartAndEdgesBesideThem(t *testing.T) {
	for name, task := range map[string]Task{
		"diamond": diamond(), "one": workflowOf(1), "none": workflowOf(0), "loose": workflowOf(40),
		"line": line(40), "fan": fan(60), "narrow": layered(30, 3, 1), "wide": layered(4, 30, 2),
	} {
		t.Run(name, func(t *testing.T) { checkGeometry(t, task) })
	}
}

func TestAnyWorkflowIsDrawnApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 60).Draw(t, "steps")
		task := workflowOf(steps)
		for i := range task.Steps {
			task.Steps[i].Name = strings.Repeat("n", rapid.IntRange(1, 80).Draw(t, "name"))
			if rapid.Bool().Draw(t, "ran") {
				task.ran(i+1, rapid.Int64Range(0, 10*day).Draw(t, "micros"))
			}
		}
		reach := rapid.IntRange(1, steps).Draw(t, "reach")
		for range rapid.IntRange(0, 2*steps).Draw(t, "edges") {
			to := rapid.IntRange(1, steps).Draw(t, "to")
			if from := to - rapid.IntRange(1, reach).Draw(t, "back"); from > 0 {
				task.Edges = append(task.Edges, dag.Edge{From: int64(from), To: int64(to)})
			}
		}
		checkGeometry(t, task)
	})
}

func TestABoxSaysWhatItsStepIs(t *testing.T) {
	task := diamond()
	task.Steps[2].Name = "charge_payment"
	task.Steps[3].State, task.Steps[3].Attempts = "error", 2
	s := checkGeometry(t, task)
	assert.Contains(t, s.texts, "charge_payment")
	assert.Contains(t, s.texts, "3.00 s")
	assert.Contains(t, s.texts, "2 of 3 attempts")
	assert.Contains(t, s.texts, "error")
	assert.Contains(t, s.texts, "#4")
	assert.Contains(t, s.texts, "shop/order 1.0.0")
	assert.Contains(t, s.texts, "task 42 · in progress · 3 of 4 steps done · critical path 3.24 s over 2 steps")
	assert.Contains(t, s.texts, "3 complete")
}

func TestEveryStateHasItsSignAndItsStyle(t *testing.T) {
	for i, state := range append([]string{"odd"}, shownStates...) {
		task := workflowOf(1)
		task.Steps[0].State = state
		document, err := SVG(task)
		require.NoError(t, err)
		kind := class(state)
		assert.Equal(t, i == 0, kind == "other")
		assert.Contains(t, document, `<g id="tc-42-`+kind+`">`)
		assert.Contains(t, document, `<use href="#tc-42-`+kind+`" x=`)
		assert.Contains(t, document, `class="tc-step tc-`+kind+`"`)
		assert.Equal(t, 2, strings.Count(document, ".tc .tc-"+kind+" .tc-state"), "in light and dark")
		assert.Contains(t, document, ">"+words(state)+"</text>")
	}
}

func TestTheCriticalPathIsThatOfTheLongestDurations(t *testing.T) {
	task := diamond()
	w, err := analyze(task)
	require.NoError(t, err)
	assert.Equal(t, []int32{0, 2}, w.critical, "steps without a duration end it")
	assert.EqualValues(t, 3_240_000, w.criticalDuration)
	assert.Equal(t, 1, checkGeometry(t, task).critical)

	assert.Zero(t, checkGeometry(t, line(3)).critical, "nothing ran")
}

func TestALongEdgeOnTheCriticalPathIsDrawnWhole(t *testing.T) {
	task := workflowOf(4, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 4}, [2]int{1, 4})
	task.ran(1, second)
	task.ran(4, second)
	s := checkGeometry(t, task)
	require.Equal(t, 1, s.critical)
	way := points(t, s.edges[len(s.edges)-1])
	assert.Equal(t, s.boxes[0].right, way[0].x)
	assert.Equal(t, s.boxes[3].left, way[len(way)-1].x)
}

func TestNamesCannotBreakTheDocument(t *testing.T) {
	task := workflowOf(1)
	for _, name := range []string{`</svg><script>alert("x")</script>`, `a & b`, "nul \x00 and \x1b", "\xff\xfe", "]]>", "\uffff", "完成订单", "🚚 ship", `"'`} {
		task.Steps[0].Name, task.Name = name, name
		s := checkGeometry(t, task)
		assert.Len(t, s.boxes, 1)
	}
}

func TestLongNamesAreCutInTheBoxAndWholeInTheTitle(t *testing.T) {
	task := workflowOf(1)
	task.Steps[0].Name = strings.Repeat("reconcile_", 20)
	document, err := SVG(task)
	require.NoError(t, err)
	assert.Contains(t, document, "<title>"+task.Steps[0].Name+", step 1, pending</title>")
	assert.Regexp(t, `>reconcile_reconcile_?[a-z]*…</text>`, document)
}

func TestLargeWorkflowsStayWithinBounds(t *testing.T) {
	all := line(1000)
	for i := 1; i < 999; i++ {
		all.Edges = append(all.Edges, dag.Edge{From: int64(i), To: 1000})
	}
	for name, task := range map[string]Task{"line": line(1000), "fan": fan(200), "all wait for all": all} {
		document, err := SVG(task)
		require.NoError(t, err, name)
		s := parse(t, document)
		assert.Less(t, s.width, 4500.0, name)
		assert.Less(t, s.height, 8000.0, name)
		assert.Less(t, len(document), 1_500_000, name)
		assert.Equal(t, name == "all wait for all", s.far > 0, name)
	}
}

func TestWhatCannotBeDrawnIsRefused(t *testing.T) {
	cyclic := workflowOf(3, [2]int{1, 2}, [2]int{2, 3}, [2]int{3, 2})
	var cycle *dag.CycleError
	var large *TooLargeError
	for _, draw := range []func(Task) (string, error){SVG, Mermaid} {
		_, err := draw(cyclic)
		assert.ErrorAs(t, err, &cycle)
		_, err = draw(workflowOf(MaxSteps + 1))
		assert.ErrorAs(t, err, &large)
	}
	assert.ErrorContains(t, large, "10001 steps")
}

func TestEdgesOfOtherTasksAndSecondOnesAreLeftOut(t *testing.T) {
	task := workflowOf(2, [2]int{1, 2}, [2]int{1, 2}, [2]int{900, 2})
	assert.Len(t, checkGeometry(t, task).edges, 1)
}

func BenchmarkSVG(b *testing.B) {
	for _, task := range []Task{diamond(), fan(200), line(1000)} {
		b.Run(strconv.Itoa(len(task.Steps)), func(b *testing.B) {
			for b.Loop() {
				_, _ = SVG(task)
			}
		})
	}
}

package drawing

import "slices"

// vertex is a step, or a waypoint where edges pass a layer.
type vertex struct {
	step  int32 // noStep for a waypoint
	layer int32
	// in and out are the neighbours in the layers before and behind.
	in, out []int32
	// y is the middle; left and right are the ends of a step's box, or of the layer
	// that a waypoint passes.
	y, left, right float64
	// inBlock tells that the step stands in a column of a block.
	inBlock bool
	column  int
}

const noStep int32 = -1

// diagram is a workflow in layers. The first vertices are the steps.
type diagram struct {
	*workflow
	vertices []vertex
	// layers list their vertices from top to bottom.
	layers [][]int32
	// trunks are, for each step with long edges, its waypoints layer by layer.
	trunks map[int32][]int32
	// longest is the span up to which edges have waypoints; far are the longer ones.
	longest int32
	far     [][2]int32
	geometry
}

// waypointsFor is how many waypoints a workflow may have for its size.
func waypointsFor(steps, edges int) int { return 2000 + 4*(steps+edges) }

func newDiagram(w *workflow) *diagram {
	d := &diagram{workflow: w, vertices: make([]vertex, len(w.Steps)), trunks: map[int32][]int32{}}
	for node, level := range w.levels {
		d.vertices[node] = vertex{step: int32(node), layer: level}
		for int(level) >= len(d.layers) {
			d.layers = append(d.layers, nil)
		}
		d.layers[level] = append(d.layers[level], int32(node))
	}
	d.longest = d.longestSpan()
	for node := range int32(len(w.Steps)) {
		d.link(node)
	}
	return d
}

func (d *diagram) isFar(from, to int32) bool { return d.span(from, to) > d.longest }

// span is how many layers an edge bridges; 1 for neighbouring ones.
func (d *diagram) span(from, to int32) int32 { return d.levels[to] - d.levels[from] }

// longestSpan gives how far edges may reach so that their waypoints keep to the
// limit.
func (d *diagram) longestSpan() int32 {
	reach := make([]int32, len(d.Steps))
	longest := int32(1)
	for node := range reach {
		for _, child := range d.graph.Children(int32(node)) {
			reach[node] = max(reach[node], d.span(int32(node), child))
		}
		longest = max(longest, reach[node])
	}
	limit := waypointsFor(len(d.Steps), d.graph.EdgeCount())
	for longest > 1 {
		waypoints := 0
		for _, span := range reach {
			waypoints += int(max(min(span, longest), 1) - 1)
		}
		if waypoints <= limit {
			break
		}
		longest /= 2
	}
	return longest
}

// link makes the segments of the edges from a step, and the waypoints they need.
func (d *diagram) link(node int32) {
	children := slices.Clone(d.graph.Children(node))
	slices.SortStableFunc(children, func(a, b int32) int { return int(d.levels[a] - d.levels[b]) })
	for _, child := range children {
		if d.isFar(node, child) {
			d.far = append(d.far, [2]int32{node, child})
			continue
		}
		for int32(len(d.trunks[node])) < d.span(node, child)-1 {
			d.extendTrunk(node)
		}
		d.join(d.branch(node, child), child)
	}
}

// branch gives the vertex from which the last segment of an edge leads to its
// step: the step where it begins, or a waypoint.
func (d *diagram) branch(from, to int32) int32 {
	if span := d.span(from, to); span > 1 {
		return d.trunks[from][span-2]
	}
	return from
}

func (d *diagram) extendTrunk(node int32) {
	trunk := d.trunks[node]
	layer := d.levels[node] + int32(len(trunk)) + 1
	waypoint := int32(len(d.vertices))
	d.vertices = append(d.vertices, vertex{step: noStep, layer: layer})
	d.layers[layer] = append(d.layers[layer], waypoint)
	last := node
	if len(trunk) > 0 {
		last = trunk[len(trunk)-1]
	}
	d.trunks[node] = append(trunk, waypoint)
	d.join(last, waypoint)
}

func (d *diagram) join(from, to int32) {
	d.vertices[from].out = append(d.vertices[from].out, to)
	d.vertices[to].in = append(d.vertices[to].in, from)
}

package drawing

import "slices"

// slot is what a layer stacks: a box, a waypoint, or a block of boxes.
type slot struct {
	vertices []int32
	// offsets say how far below the slot's middle each vertex lies.
	offsets []float64
	height  float64
	y       float64
}

// distances between the middles of slots are their heights and these.
const (
	boxHeight      = 66
	boxGap         = 22
	waypointHeight = 6
	waypointGap    = 12
)

// Weights of segments: a long edge is to be straight where it passes layers.
const (
	weightPassing = 8
	weightMixed   = 2
	weightSteps   = 1
	weightAlone   = 0.01
)

// placings is how often the layers are placed by their neighbours.
const placings = 6

// place gives every vertex its y.
func (d *diagram) place() {
	stacks := make([][]slot, len(d.layers))
	for i, layer := range d.layers {
		stacks[i] = d.stack(layer)
		d.settle(stacks[i], nil)
	}
	for round := range placings {
		forth, back := round%2 == 0, round%2 == 1
		if round == placings-1 {
			forth, back = true, true
		}
		for i := range stacks {
			if !forth {
				i = len(stacks) - 1 - i
			}
			d.settle(stacks[i], d.wishes(stacks[i], forth, back))
		}
	}
	d.stacks = stacks
}

// stack makes slots of a layer's vertices in their order.
func (d *diagram) stack(layer []int32) []slot {
	isStep := func(v int32) bool { return d.vertices[v].step != noStep }
	steps := make([]int32, 0, len(layer))
	for _, v := range layer {
		if isStep(v) {
			steps = append(steps, v)
		}
	}
	if len(steps) <= blockFrom {
		return d.stackSingly(layer)
	}
	middle := slices.Index(layer, steps[len(steps)/2])
	above := slices.DeleteFunc(slices.Clone(layer[:middle]), isStep)
	below := slices.DeleteFunc(slices.Clone(layer[middle:]), isStep)
	return slices.Concat(d.stackSingly(above), []slot{d.block(steps)}, d.stackSingly(below))
}

func (d *diagram) stackSingly(vertices []int32) []slot {
	slots := make([]slot, len(vertices))
	for i, v := range vertices {
		height := float64(waypointHeight)
		if d.vertices[v].step != noStep {
			height = boxHeight
		}
		slots[i] = slot{vertices: vertices[i : i+1], offsets: []float64{0}, height: height}
	}
	return slots
}

// wish is where a slot would like to be, and how much.
type wish struct{ y, weight float64 }

// wishes asks each slot for the mean of its neighbours.
func (d *diagram) wishes(slots []slot, forth, back bool) []wish {
	wishes := make([]wish, len(slots))
	for i, s := range slots {
		var sum, weight float64
		for j, v := range s.vertices {
			if forth {
				d.pull(v, d.vertices[v].in, s.offsets[j], &sum, &weight)
			}
			if back {
				d.pull(v, d.vertices[v].out, s.offsets[j], &sum, &weight)
			}
		}
		wishes[i] = wish{s.y, weightAlone}
		if weight > 0 {
			wishes[i] = wish{sum / weight, weight}
		}
	}
	return wishes
}

func (d *diagram) pull(v int32, neighbours []int32, offset float64, sum, weight *float64) {
	for _, n := range neighbours {
		w := d.weight(v, n)
		*sum += w * (d.vertices[n].y - offset)
		*weight += w
	}
}

func (d *diagram) weight(a, b int32) float64 {
	switch {
	case d.vertices[a].step == noStep && d.vertices[b].step == noStep:
		return weightPassing
	case d.vertices[a].step == noStep || d.vertices[b].step == noStep:
		return weightMixed
	}
	return weightSteps
}

// settle puts the slots as near to their wishes as their order and distances
// allow; without wishes it stacks them around 0.
func (d *diagram) settle(slots []slot, wishes []wish) {
	if wishes == nil {
		wishes = make([]wish, len(slots))
		for i := range wishes {
			wishes[i].weight = 1
		}
	}
	// Less the distance that it must keep from the first, every slot's place may be
	// anything that does not fall: an isotonic regression.
	offset := 0.0
	for i := range wishes {
		if i > 0 {
			offset += distance(&slots[i-1], &slots[i])
		}
		wishes[i].y -= offset
	}
	offset = 0
	for i, y := range regress(wishes) {
		if i > 0 {
			offset += distance(&slots[i-1], &slots[i])
		}
		slots[i].y = y + offset
		for j, v := range slots[i].vertices {
			d.vertices[v].y = slots[i].y + slots[i].offsets[j]
		}
	}
}

func distance(above, below *slot) float64 {
	gap := float64(boxGap)
	if above.height == waypointHeight || below.height == waypointHeight {
		gap = waypointGap
	}
	return (above.height+below.height)/2 + gap
}

// regress gives the values that never fall and are nearest to the wishes by
// weighted squares: neighbours that would fall are pooled at their mean.
func regress(wishes []wish) []float64 {
	type pool struct {
		wish
		size int
	}
	pools := make([]pool, 0, len(wishes))
	for _, w := range wishes {
		pools = append(pools, pool{w, 1})
		for n := len(pools); n > 1 && pools[n-2].y > pools[n-1].y; n = len(pools) {
			a, b := pools[n-2], pools[n-1]
			weight := a.weight + b.weight
			joined := wish{(a.y*a.weight + b.y*b.weight) / weight, weight}
			pools = append(pools[:n-2], pool{joined, a.size + b.size})
		}
	}
	values := make([]float64, 0, len(wishes))
	for _, p := range pools {
		for range p.size {
			values = append(values, p.y)
		}
	}
	return values
}

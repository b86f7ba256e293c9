package drawing

import "math"

const (
	// blockFrom is the largest number of steps that a layer stacks in one column.
	blockFrom = 16
	// blockShape is the width of a block for its height.
	blockShape = 1.2
	// laneGap is the distance of a lane from the boxes above or below it.
	laneGap = 9
	// laneTurn is the room beside a box in which an edge leaves its lane.
	laneTurn = 22
	// rowGap holds the lane out of the row above and the one into the row below.
	rowGap = 32
	// columnWidth is about the width of a box with its room; a block's shape follows
	// from it before the names are measured.
	columnWidth = 240
)

// columns is how many columns a block of so many steps has.
func columns(steps int) int {
	return int(math.Ceil(math.Sqrt(float64(steps) * blockShape * (boxHeight + rowGap) / columnWidth)))
}

// block arranges a layer's steps in rows, in their order.
func (d *diagram) block(steps []int32) slot {
	wide := columns(len(steps))
	rows := (len(steps) + wide - 1) / wide
	s := slot{vertices: steps, offsets: make([]float64, len(steps)), height: float64(rows)*(boxHeight+rowGap) - rowGap + 4*laneGap}
	for i, v := range steps {
		d.vertices[v].inBlock, d.vertices[v].column = true, i%wide
		s.offsets[i] = (float64(i/wide) - float64(rows-1)/2) * (boxHeight + rowGap)
	}
	return s
}

// entry is where segments into the vertex arrive at its layer.
func (d *diagram) entry(v *vertex) (x, y float64) {
	if v.inBlock {
		return d.spans[v.layer].left, v.y - boxHeight/2 - laneGap
	}
	return v.left, v.y
}

// exit is where segments from the vertex leave its layer.
func (d *diagram) exit(v *vertex) (x, y float64) {
	if v.inBlock {
		return d.spans[v.layer].right, v.y + boxHeight/2 + laneGap
	}
	return v.right, v.y
}

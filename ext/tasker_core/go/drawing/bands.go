package drawing

import (
	"cmp"
	"math"
	"slices"
)

// geometry is where everything stands.
type geometry struct {
	stacks    [][]slot
	boxWidths []float64
	// spans are the horizontal extents of the layers.
	spans []span
	bands []band
	// turns are, by vertex, the ways on into the next band.
	turns map[int32]turn
	// width and bottom are the extent of what is drawn.
	width, bottom float64
}

type span struct{ left, right float64 }

// band is a run of layers beside each other, like a line of text.
type band struct {
	first, end  int
	top, bottom float64
	left, right float64
	// continued are the vertices from which segments lead to the next band, from top
	// to bottom.
	continued []int32
}

// turn is how a segment gets from the end of one band to the beginning of the next:
// right beyond the band, down into the gutter, back left, and down again.
type turn struct{ right, lane, left float64 }

const (
	margin = 28
	// headHeight is the room of title, summary and legend.
	headHeight = 118
	// bandWidth is how wide a band may always be; bandShape how wide the drawing may
	// be for its height beyond that.
	bandWidth = 2600
	bandShape = 0.6
	// besideBlock keeps the neighbours of a block in its band.
	besideBlock = 2*(widestGap+widestBox) + 1

	narrowestGap = 64
	widestGap    = 150

	turnSpace   = 16
	turnStep    = 7
	mostLanes   = 16
	gutterSpace = 44
)

// arrange gives every vertex its x, and its y in the whole.
func (d *diagram) arrange() {
	widths := make([]float64, len(d.layers))
	gaps := make([]float64, len(d.layers))
	for i := range d.layers {
		widths[i] = d.layerWidth(i)
		gaps[i] = d.gapBehind(i)
	}
	d.bands = d.foldBands(widths, gaps)
	d.spans = make([]span, len(d.layers))
	side := d.sideSpace()
	y := float64(headHeight)
	for i := range d.bands {
		b := &d.bands[i]
		x := margin + side
		b.left = x
		for layer := b.first; layer < b.end; layer++ {
			d.spans[layer] = span{x, x + widths[layer]}
			x += widths[layer] + gaps[layer]
		}
		b.right = d.spans[b.end-1].right
		d.shift(b, y-b.top)
		y = b.bottom + gutterSpace + turnStep*float64(lanes(b))
		d.width = max(d.width, b.right+side+margin)
		d.bottom = b.bottom
	}
	d.placeAcross()
	d.turn()
}

func (d *diagram) layerWidth(layer int) float64 {
	box, columns := d.boxWidth(layer), 0
	for _, v := range d.layers[layer] {
		if d.vertices[v].inBlock {
			columns = max(columns, d.vertices[v].column+1)
		}
	}
	if columns > 0 {
		return float64(columns) * (box + 2*laneTurn)
	}
	return box
}

// gapBehind leaves more room where segments are steep.
func (d *diagram) gapBehind(layer int) float64 {
	steepest := 0.0
	for _, v := range d.layers[layer] {
		for _, to := range d.vertices[v].out {
			steepest = max(steepest, math.Abs(d.vertices[v].y-d.vertices[to].y))
		}
	}
	return min(narrowestGap+steepest/8, widestGap)
}

// foldBands breaks the layers into as few bands as give the drawing a shape.
func (d *diagram) foldBands(widths, gaps []float64) []band {
	total, narrowest := 0.0, float64(bandWidth)
	for i := range widths {
		total += widths[i] + gaps[i]
		narrowest = max(narrowest, widths[i]+besideBlock)
	}
	for count := 1; ; count++ {
		bands := breakBands(widths, gaps, max(total/float64(count), narrowest))
		width, height := 0.0, 0.0
		for i := range bands {
			d.measureBand(&bands[i], widths, gaps)
			width = max(width, bands[i].right)
			height += bands[i].bottom - bands[i].top + gutterSpace
		}
		if width <= max(narrowest, bandShape*height) || total/float64(count) <= narrowest {
			return bands
		}
	}
}

func breakBands(widths, gaps []float64, limit float64) []band {
	var bands []band
	first, width := 0, 0.0
	for i := range widths {
		if i > first && width+widths[i] > limit {
			bands = append(bands, band{first: first, end: i})
			first, width = i, 0
		}
		width += widths[i] + gaps[i]
	}
	if first < len(widths) {
		bands = append(bands, band{first: first, end: len(widths)})
	}
	return bands
}

func (d *diagram) measureBand(b *band, widths, gaps []float64) {
	b.top, b.bottom, b.right = math.Inf(1), math.Inf(-1), 0
	for layer := b.first; layer < b.end; layer++ {
		slots := d.stacks[layer]
		first, last := &slots[0], &slots[len(slots)-1]
		b.top = min(b.top, first.y-first.height/2)
		b.bottom = max(b.bottom, last.y+last.height/2)
		b.right += widths[layer] + gaps[layer]
	}
	b.continued = nil
	if b.end == len(d.layers) {
		return
	}
	for _, v := range d.layers[b.end-1] {
		if len(d.vertices[v].out) > 0 {
			b.continued = append(b.continued, v)
		}
	}
}

func lanes(b *band) int { return min(len(b.continued), mostLanes) }

func (d *diagram) sideSpace() float64 {
	most := 0
	for i := range d.bands {
		most = max(most, lanes(&d.bands[i]))
	}
	if most == 0 {
		return 0
	}
	return turnSpace + turnStep*float64(most)
}

func (d *diagram) shift(b *band, by float64) {
	b.top, b.bottom = b.top+by, b.bottom+by
	for layer := b.first; layer < b.end; layer++ {
		for _, v := range d.layers[layer] {
			d.vertices[v].y += by
		}
	}
}

// placeAcross gives the vertices their left and right ends.
func (d *diagram) placeAcross() {
	for layer, vertices := range d.layers {
		span, box := d.spans[layer], d.boxWidth(layer)
		for _, i := range vertices {
			v := &d.vertices[i]
			v.left, v.right = span.left, span.right
			if v.inBlock {
				v.left += laneTurn + float64(v.column)*(box+2*laneTurn)
				v.right = v.left + box
			}
		}
	}
}

// turn gives the segments between bands their ways, one for each vertex that they
// come from. The topmost turns outermost, runs deepest, and comes back innermost:
// so no two ways of one gutter cross.
func (d *diagram) turn() {
	d.turns = map[int32]turn{}
	for i := range d.bands {
		b := &d.bands[i]
		slices.SortStableFunc(b.continued, func(x, y int32) int { return cmp.Compare(d.vertices[x].y, d.vertices[y].y) })
		count := lanes(b)
		for at, vertex := range b.continued {
			lane := at * count / len(b.continued)
			inner := turnStep * float64(count-1-lane)
			d.turns[vertex] = turn{
				right: b.right + turnSpace + inner,
				lane:  b.bottom + gutterSpace/2 + inner,
				left:  d.bands[i+1].left - turnSpace - turnStep*float64(lane),
			}
		}
	}
}

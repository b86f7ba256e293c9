package drawing

import (
	"math"
	"strconv"
)

// path is the d of an SVG path under construction.
type path struct {
	data []byte
	x, y float64
}

// corner is the radius in which a detour turns.
const corner = 9

func (p *path) command(letter byte, values ...float64) {
	p.data = append(p.data, letter)
	for i, value := range values {
		if i > 0 {
			p.data = append(p.data, ' ')
		}
		p.data = appendNumber(p.data, value)
	}
}

// appendNumber writes a length to the tenth of a pixel.
func appendNumber(data []byte, value float64) []byte {
	return strconv.AppendFloat(data, math.Round(value*10)/10, 'f', -1, 64)
}

func (p *path) moveTo(x, y float64) {
	p.command('M', x, y)
	p.x, p.y = x, y
}

// across draws a horizontal line.
func (p *path) across(x float64) {
	if x != p.x {
		p.command('H', x)
		p.x = x
	}
}

// curveTo draws a curve that begins and ends horizontally.
func (p *path) curveTo(x, y float64) {
	if math.Abs(y-p.y) < 0.05 {
		p.across(x)
		return
	}
	middle := (p.x + x) / 2
	p.command('C', middle, p.y, middle, y, x, y)
	p.x, p.y = x, y
}

// detour follows a turn into the next band, as far as a height there.
func (p *path) detour(t turn, y float64) {
	p.across(t.right - corner)
	p.command('Q', t.right, p.y, t.right, p.y+corner)
	p.command('V', t.lane-corner)
	p.command('Q', t.right, t.lane, t.right-corner, t.lane)
	p.command('H', t.left+corner)
	p.command('Q', t.left, t.lane, t.left, t.lane+corner)
	p.command('V', y-corner)
	p.command('Q', t.left, y, t.left+corner, y)
	p.x, p.y = t.left+corner, y
}

// leave begins a path at a vertex and brings it to the end of its layer.
func (d *diagram) leave(p *path, from int32) {
	v := &d.vertices[from]
	p.moveTo(v.right, v.y)
	if v.inBlock {
		x, y := d.exit(v)
		p.curveTo(v.right+laneTurn, y)
		p.across(x)
	}
}

// follow continues from the end of a vertex's layer to a vertex of the next layer, up to a step's
// box or through a waypoint.
func (d *diagram) follow(p *path, from, to int32) {
	v := &d.vertices[to]
	x, y := d.entry(v)
	if turn, found := d.turns[from]; found {
		p.detour(turn, y)
		p.across(x)
	} else {
		p.curveTo(x, y)
	}
	switch {
	case v.step == noStep:
		p.across(v.right)
	case v.inBlock:
		p.across(v.left - laneTurn)
		p.curveTo(v.left, v.y)
	}
}

// trunk draws the waypoints that a step's long edges share, as many as are asked for.
func (d *diagram) trunk(p *path, node int32, waypoints int) (last int32) {
	d.leave(p, node)
	last = node
	for _, waypoint := range d.trunks[node][:waypoints] {
		d.follow(p, last, waypoint)
		last = waypoint
	}
	return last
}

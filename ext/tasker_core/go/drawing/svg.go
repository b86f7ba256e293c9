package drawing

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed style.css
var style string

// signs are the symbols of the states, around 0, 0.
var signs = []struct{ class, shape string }{
	{"complete", `<path class="tc-sign" d="M-5 .5-1.5 4 5-4"/>`},
	{"resolved_manually", `<circle class="tc-solid" cy="-3" r="2.6"/><path class="tc-solid" d="M-5 5.5c0-7 10-7 10 0z"/>`},
	{"in_progress", `<path class="tc-solid" d="M-3.5-5.5 5.5 0-3.5 5.5z"/>`},
	{"pending", `<circle class="tc-sign" r="4.5"/>`},
	{"error", `<path class="tc-sign" d="M-4-4 4 4M4-4-4 4"/>`},
	{"cancelled", `<circle class="tc-sign" r="5"/><path class="tc-sign" d="M-3.2 3.2 3.2-3.2"/>`},
	{"other", `<path class="tc-sign" d="M-3-3C-3-7 3-7 3-3 3-.5 0-.5 0 2M0 5.2v.1"/>`},
}

// The parts of a box.
const (
	bandThickness = 28
	textLeft      = bandThickness + 11
	textRight     = 12
	nameSize      = 13
	noteSize      = 11
	narrowestBox  = 176
	widestBox     = 280
	narrowest     = 620
)

// SVG gives a task as an SVG document. It fails with a *TooLargeError or a
// *dag.CycleError.
func SVG(task Task) (string, error) {
	w, err := analyze(task)
	if err != nil {
		return "", err
	}
	d := newDiagram(w)
	d.order()
	d.place()
	d.arrange()
	s := &svg{diagram: d}
	s.Grow(2000 + 900*len(d.Steps) + 200*d.graph.EdgeCount())
	s.write()
	return s.String(), nil
}

// svg writes a diagram that is arranged.
type svg struct {
	strings.Builder
	*diagram
}

func (s *svg) printf(format string, arguments ...any) { fmt.Fprintf(&s.Builder, format, arguments...) }

// number is a length in pixels.
func number(value float64) string { return string(appendNumber(nil, value)) }

// name makes an id that stays unique where a page holds many drawings.
func (s *svg) name(part string) string { return fmt.Sprintf("tc-%d-%s", s.ID, part) }

func (s *svg) write() {
	width, height := max(s.width, narrowest), s.bottom+margin
	if len(s.Steps) == 0 {
		height = headHeight + margin
	}
	w, h := number(width), number(height)
	s.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="tc" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="%s %s">`+"\n",
		w, h, w, h, s.name("title"), s.name("desc"))
	s.printf("<title id=\"%s\">%s</title>\n", s.name("title"), escapeXML(s.title()+", "+strings.Join(s.summary()[:2], ", ")))
	s.printf("<desc id=\"%s\">%s</desc>\n", s.name("desc"), escapeXML(s.description()))
	s.printf("<style>%s</style>\n", style)
	s.writeDefinitions()
	s.printf("<rect class=\"tc-ground\" width=\"%s\" height=\"%s\"/>\n", w, h)
	s.writeHead(width)
	s.writeEdges()
	s.WriteString("<g>\n")
	onPath := make([]bool, len(s.Steps))
	for _, node := range s.critical {
		onPath[node] = true
	}
	for node := range s.Steps {
		s.writeStep(int32(node), onPath[node])
	}
	s.WriteString("</g>\n</svg>\n")
}

// named is how many steps of the critical path the description names.
const named = 20

// description says in words what the drawing shows.
func (s *svg) description() string {
	parts := s.summary()[2:]
	for _, count := range s.count() {
		parts = append(parts, fmt.Sprintf("%d %s", count.steps, words(count.state)))
	}
	var names []string
	for _, node := range s.critical[:min(named, len(s.critical))] {
		names = append(names, s.Steps[node].Name)
	}
	if len(names) > 0 {
		parts = append(parts, "critical path: "+strings.Join(names, ", "))
	}
	return strings.Join(parts, "; ")
}

func (s *svg) writeDefinitions() {
	s.WriteString("<defs>\n")
	for _, tip := range []string{"tip", "way-tip"} {
		s.printf(`<marker id="%s" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="10" refX="8" refY="5" orient="auto">`+
			`<path class="tc-%s" d="M0 .5 9 5 0 9.5z"/></marker>`+"\n", s.name(tip), tip)
	}
	for _, sign := range signs {
		s.printf("<g id=\"%s\">%s</g>\n", s.name(sign.class), sign.shape)
	}
	s.WriteString("</defs>\n")
}

// writeHead writes the title, the task's progress, and the legend.
func (s *svg) writeHead(width float64) {
	room := width - 2*margin
	s.printf("<text class=\"tc-title\" x=\"%d\" y=\"42\">%s</text>\n", margin, escapeXML(fit(s.title(), room/20)))
	s.printf("<text class=\"tc-summary\" x=\"%d\" y=\"64\">%s</text>\n", margin, escapeXML(fit(strings.Join(s.summary(), " · "), room/13)))
	x := float64(margin)
	for _, count := range s.count() {
		label := fmt.Sprintf("%d %s", count.steps, fit(words(count.state), 20))
		s.printf(`<g class="tc-%s"><rect class="tc-band" x="%s" y="79" width="18" height="18" rx="5"/>`+
			`<use href="#%s" transform="translate(%s 88) scale(.8)"/><text class="tc-legend" x="%s" y="92">%s</text></g>`+"\n",
			class(count.state), number(x), s.name(class(count.state)), number(x+9), number(x+25), escapeXML(label))
		x += 25 + 12*widthOf(label) + 18
	}
	if len(s.critical) > 0 {
		s.printf(`<path class="tc-edge tc-way" d="M%s 88h26" marker-end="url(#%s)"/><text class="tc-legend" x="%s" y="92">critical path</text>`+"\n",
			number(x), s.name("way-tip"), number(x+34))
	}
	if len(s.Steps) == 0 {
		s.printf("<text class=\"tc-summary\" x=\"%d\" y=\"92\">This task has no steps.</text>\n", margin)
	}
}

func (s *svg) writeEdges() {
	s.WriteString("<g>\n")
	for _, edge := range s.far {
		from, to := &s.vertices[edge[0]], &s.vertices[edge[1]]
		var p path
		p.moveTo(from.right, from.y)
		p.curveTo(to.left, to.y)
		s.writeEdge(&p, "tc-edge tc-far", "tip", s.edgeTitle(edge[0], edge[1]))
	}
	critical := s.criticalEdges()
	for node := range int32(len(s.Steps)) {
		s.writeEdgesFrom(node, critical)
	}
	for i := 1; i < len(s.critical); i++ {
		s.writeCriticalEdge(s.critical[i-1], s.critical[i])
	}
	s.WriteString("</g>\n")
}

func (s *svg) writeEdgesFrom(node int32, critical map[[2]int32]bool) {
	if trunk := s.trunks[node]; len(trunk) > 0 {
		var p path
		s.trunk(&p, node, len(trunk))
		s.writeEdge(&p, "tc-edge", "", "from "+s.Steps[node].Name)
	}
	for _, child := range s.graph.Children(node) {
		if critical[[2]int32{node, child}] || s.isFar(node, child) {
			continue
		}
		var p path
		from := s.branch(node, child)
		s.leave(&p, from)
		s.follow(&p, from, child)
		s.writeEdge(&p, "tc-edge", "tip", s.edgeTitle(node, child))
	}
}

func (s *svg) writeCriticalEdge(from, to int32) {
	if s.isFar(from, to) {
		return
	}
	var p path
	last := s.trunk(&p, from, int(s.span(from, to))-1)
	s.follow(&p, last, to)
	s.writeEdge(&p, "tc-edge tc-way", "way-tip", s.edgeTitle(from, to))
}

func (s *svg) edgeTitle(from, to int32) string {
	return s.Steps[from].Name + " → " + s.Steps[to].Name
}

func (s *svg) writeEdge(p *path, class, tip, title string) {
	s.printf(`<path class="%s" d="%s"`, class, p.data)
	if tip != "" {
		s.printf(` marker-end="url(#%s)"`, s.name(tip))
	}
	s.printf("><title>%s</title></path>\n", escapeXML(title))
}

// boxWidth is the width that the boxes of a layer have: that of their texts, in
// bounds.
func (d *diagram) boxWidth(layer int) float64 {
	if d.boxWidths == nil {
		d.boxWidths = make([]float64, len(d.layers))
		for node := range d.Steps {
			width := &d.boxWidths[d.levels[node]]
			*width = min(max(*width, narrowestBox, d.textWidth(int32(node))), widestBox)
		}
	}
	return d.boxWidths[layer]
}

func (d *diagram) textWidth(node int32) float64 {
	step := &d.Steps[node]
	widest := max(widthOf(step.Name)*nameSize,
		widthOf(words(step.State)+"   "+d.durationText(node))*noteSize,
		widthOf(step.attempts()+"   "+stepNumber(step.ID))*noteSize)
	return widest + textLeft + textRight
}

func stepNumber(id int64) string { return fmt.Sprintf("#%d", id) }

func (s *svg) writeStep(node int32, critical bool) {
	step, v := &s.Steps[node], &s.vertices[node]
	width, style := v.right-v.left, class(step.State)
	emphasis := ""
	if critical {
		emphasis = " tc-critical"
	}
	s.printf(`<g class="tc-step tc-%s%s" data-step="%d" transform="translate(%s %s)">`,
		style, emphasis, step.ID, number(v.left), number(v.y-boxHeight/2))
	s.printf("<title>%s</title>", escapeXML(s.stepTitle(node)))
	s.printf(`<rect class="tc-box" width="%s" height="%d" rx="8"/>`, number(width), boxHeight)
	s.printf(`<path class="tc-band" d="M8 0H%d V%dH8A8 8 0 0 1 0 %dV8A8 8 0 0 1 8 0z"/>`, bandThickness, boxHeight, boxHeight-8)
	s.printf(`<use href="#%s" x="%d" y="%d"/>`, s.name(style), bandThickness/2, boxHeight/2)
	s.writeText("tc-name", textLeft, 23, "start", fit(step.Name, (width-textLeft-textRight)/nameSize))
	s.writeText("tc-state", textLeft, 40, "start", fit(words(step.State), 16))
	s.writeText("tc-time", width-textRight, 40, "end", s.durationText(node))
	s.writeText("tc-note", textLeft, 56, "start", step.attempts())
	s.writeText("tc-note", width-textRight, 56, "end", stepNumber(step.ID))
	s.WriteString("</g>\n")
}

func (s *svg) writeText(class string, x, y float64, anchor, text string) {
	if text == "" {
		return
	}
	s.printf(`<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`, class, number(x), number(y), anchor, escapeXML(text))
}

// stepTitle is what a pointer over the box shows.
func (s *svg) stepTitle(node int32) string {
	step := &s.Steps[node]
	parts := []string{step.Name, fmt.Sprintf("step %d", step.ID), words(step.State)}
	for _, part := range []string{step.attempts(), s.durationText(node)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

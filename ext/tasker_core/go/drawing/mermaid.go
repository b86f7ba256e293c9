package drawing

import (
	"slices"
	"strconv"
	"strings"
)

// mermaidName is how much of a step's name is shown.
const mermaidName = 60

// mermaidStyles are the classes of the states; their text stays readable on them
// in light and dark pages.
var mermaidStyles = [][2]string{
	{"complete", "fill:#dafbe1,stroke:#1a7f37,color:#0b3d1a"},
	{"resolved_manually", "fill:#d5f5f6,stroke:#1b7c83,color:#0a3a3e"},
	{"in_progress", "fill:#ddf4ff,stroke:#0969da,color:#052d5e"},
	{"pending", "fill:#f6f8fa,stroke:#6e7781,color:#24292f,stroke-dasharray:4 3"},
	{"error", "fill:#ffebe9,stroke:#cf222e,color:#5c0f14"},
	{"cancelled", "fill:#eaeef2,stroke:#57606a,color:#32383f"},
	{"other", "fill:#fff8c5,stroke:#9a6700,color:#4d2d00"},
}

// mermaidSymbols tell the states apart where colours do not.
var mermaidSymbols = map[string]string{
	"complete": "✓", "resolved_manually": "☑", "in_progress": "▶", "pending": "○", "error": "✗", "cancelled": "⊘", "other": "?",
}

// Mermaid gives a task as the text of a Mermaid flowchart. Thick arrows are the
// critical path. It fails with a *TooLargeError or a *dag.CycleError.
func Mermaid(task Task) (string, error) {
	w, err := analyze(task)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("---\ntitle: " + yamlText(w.title()+" · "+strings.Join(w.summary(), " · ")) + "\n---\n")
	b.WriteString("flowchart " + w.direction() + "\n")
	for node := range w.Steps {
		w.writeMermaidStep(&b, int32(node))
	}
	w.writeMermaidEdges(&b)
	w.writeMermaidStyles(&b)
	return b.String(), nil
}

// direction lets the longer side of the graph run down the page.
func (w *workflow) direction() string {
	steps := map[int32]int{}
	widest := 0
	for _, level := range w.levels {
		steps[level]++
		widest = max(widest, steps[level])
	}
	if widest >= len(steps) {
		return "LR"
	}
	return "TD"
}

func (w *workflow) writeMermaidStep(b *strings.Builder, node int32) {
	step := &w.Steps[node]
	style := class(step.State)
	facts := []string{mermaidSymbols[style] + " " + words(step.State)}
	for _, fact := range []string{step.attempts(), w.durationText(node)} {
		if fact != "" {
			facts = append(facts, fact)
		}
	}
	b.WriteString("  " + mermaidID(step.ID) + `["` + mermaidText(shorten(step.Name, mermaidName)) + "<br/>" +
		mermaidText(strings.Join(facts, " · ")) + `"]:::` + style + "\n")
}

// mermaidID cannot clash with a word of Mermaid's.
func mermaidID(id int64) string { return "step_" + strconv.FormatInt(id, 10) }

func (w *workflow) writeMermaidEdges(b *strings.Builder) {
	critical := w.criticalEdges()
	for node := range int32(len(w.Steps)) {
		for _, child := range w.graph.Children(node) {
			arrow := " --> "
			if critical[[2]int32{node, child}] {
				arrow = " ==> "
			}
			b.WriteString("  " + mermaidID(w.Steps[node].ID) + arrow + mermaidID(w.Steps[child].ID) + "\n")
		}
	}
}

func (w *workflow) writeMermaidStyles(b *strings.Builder) {
	counts := w.count()
	for _, style := range mermaidStyles {
		if slices.ContainsFunc(counts, func(c stateCount) bool { return class(c.state) == style[0] }) {
			b.WriteString("  classDef " + style[0] + " " + style[1] + "\n")
		}
	}
	if len(w.critical) == 0 {
		return
	}
	ids := make([]string, len(w.critical))
	for i, node := range w.critical {
		ids[i] = mermaidID(w.Steps[node].ID)
	}
	b.WriteString("  classDef critical stroke-width:4px\n  class " + strings.Join(ids, ",") + " critical\n")
}

// criticalEdges are the edges of the critical path, by nodes.
func (w *workflow) criticalEdges() map[[2]int32]bool {
	edges := make(map[[2]int32]bool, len(w.critical))
	for i := 1; i < len(w.critical); i++ {
		edges[[2]int32{w.critical[i-1], w.critical[i]}] = true
	}
	return edges
}

// mermaidText writes everything that could mean something to Mermaid, to Markdown
// or to HTML as the number of its character, which Mermaid turns back.
func mermaidText(text string) string {
	var b strings.Builder
	runes := []rune(printable(text))
	for i, r := range runes {
		inside := i > 0 && i+1 < len(runes) && isWord(runes[i-1]) && isWord(runes[i+1])
		if isWord(r) || r == ' ' || (inside && strings.ContainsRune("_.-", r)) {
			b.WriteRune(r)
		} else {
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return b.String()
}

func isWord(r rune) bool {
	return r >= 0x80 || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9')
}

// yamlText is a text in double quotes, as in YAML and JSON.
func yamlText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(text)) + `"`
}

func shorten(text string, runes int) string {
	all := []rune(text)
	if len(all) <= runes {
		return text
	}
	return string(all[:runes-1]) + "…"
}

package drawing

import (
	"fmt"
	"strconv"
	"strings"
)

// title names the task as people write it: namespace/name, and its version.
func (t *Task) title() string {
	name := t.Name
	if t.Namespace != "" {
		name = t.Namespace + "/" + name
	}
	return strings.TrimSpace(name + " " + t.Version)
}

// words gives a state as text: in_progress is "in progress".
func words(state string) string { return strings.ReplaceAll(state, "_", " ") }

func (s *Step) attempts() string {
	switch {
	case s.Attempts <= 0:
		return ""
	case s.RetryLimit > 0:
		return fmt.Sprintf("%d of %d attempts", s.Attempts, s.RetryLimit)
	}
	return plural(s.Attempts, "attempt")
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.FormatInt(n, 10) + " " + word + "s"
}

const (
	second = 1_000_000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// durationText gives microseconds with as many digits as people read: 240 ms,
// 1.24 s, 3 m 12 s, 2 h 5 m, 3 d 4 h.
func durationText(micros int64) string {
	switch {
	case micros < 1000:
		return fmt.Sprintf("%d µs", micros)
	case micros < second:
		return fmt.Sprintf("%d ms", micros/1000)
	case micros < minute:
		return strconv.FormatFloat(float64(micros/10_000)/100, 'f', 2, 64) + " s"
	case micros < hour:
		return fmt.Sprintf("%d m %d s", micros/minute, micros%minute/second)
	case micros < day:
		return fmt.Sprintf("%d h %d m", micros/hour, micros%hour/minute)
	}
	return fmt.Sprintf("%d d %d h", micros/day, micros%day/hour)
}

func (w *workflow) durationText(node int32) string {
	if w.durations[node] == unmeasured {
		return ""
	}
	return durationText(w.durations[node])
}

// summary describes the task's progress, in parts.
func (w *workflow) summary() []string {
	done := 0
	for _, count := range w.count() {
		if rank(count.state) <= 1 {
			done += count.steps
		}
	}
	parts := []string{
		fmt.Sprintf("task %d", w.ID), words(w.State),
		fmt.Sprintf("%d of %s done", done, plural(int64(len(w.Steps)), "step")),
	}
	if len(w.critical) > 0 {
		parts = append(parts, fmt.Sprintf("critical path %s over %s",
			durationText(w.criticalDuration), plural(int64(len(w.critical)), "step")))
	}
	return parts
}

// widthOf estimates the width of a text in ems, slightly too wide for browsers' fonts, because the
// font is not known here.
func widthOf(text string) float64 {
	width := 0.0
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

func runeWidth(r rune) float64 {
	switch {
	case r >= 0x1100:
		return 1.05
	case strings.ContainsRune("ijlI.,:;'|!()[] ", r):
		return 0.38
	case strings.ContainsRune("mwMW@%<>+=~#&—…", r):
		return 0.95
	case r >= 'A' && r <= 'Z':
		return 0.76
	}
	return 0.62
}

// fit shortens a text to a width in ems, with an ellipsis if it was too long.
func fit(text string, ems float64) string {
	if widthOf(text) <= ems {
		return text
	}
	left := ems - runeWidth('…')
	for i, r := range text {
		if left -= runeWidth(r); left < 0 {
			return strings.TrimRight(text[:i], " _-") + "…"
		}
	}
	return text
}

// printable replaces what neither XML nor Mermaid may hold: control characters,
// damaged UTF-8 and noncharacters.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || (r >= 0x7f && r < 0xa0) || r&0xfffe == 0xfffe:
			return '\ufffd'
		}
		return r
	}, text)
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func escapeXML(text string) string { return xmlEscapes.Replace(printable(text)) }

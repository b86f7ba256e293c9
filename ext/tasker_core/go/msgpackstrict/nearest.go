package msgpackstrict

import "strings"

// longestName is far longer than any name of ours.
const longestName = 64

// Nearest returns the most similar of some names, "" if none is similar: one that begins with it,
// or differs from it in at most one letter of three.
func Nearest(name string, names []string) string {
	if len(name) > longestName {
		return ""
	}
	nearest, distance := "", len(name)/3+1
	for _, one := range names {
		d := edits(strings.ToLower(name), strings.ToLower(one))
		if len(name) > 2 && strings.HasPrefix(one, name) {
			d = 0
		}
		if d < distance {
			nearest, distance = one, d
		}
	}
	return nearest
}

// edits counts the letters to be put in, taken out, changed, or swapped with the next one.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			changed := last[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(changed, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

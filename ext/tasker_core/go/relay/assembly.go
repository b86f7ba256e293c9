package relay

import "strings"

// maxOpen is how many messages may be incomplete at once. The parts of one are sent in
// one transaction and arrive together, so that one is enough; more are a stranger's.
const maxOpen = 16

type key struct {
	origin string
	number uint64
}

// assembly puts messages together that came in parts.
type assembly map[key][]string

// add takes a part and gives the whole text with the last one. Parts come in order.
func (a assembly) add(m message) (list string, whole bool) {
	if m.parts == 1 {
		return m.body, true
	}
	k := key{m.origin, m.number}
	known := a[k]
	if m.part != len(known) {
		delete(a, k)
		return "", false
	}
	known = append(known, m.body)
	if len(known) == m.parts {
		delete(a, k)
		return strings.Join(known, ""), true
	}
	if m.part == 0 && len(a) >= maxOpen {
		clear(a)
	}
	a[k] = known
	return "", false
}

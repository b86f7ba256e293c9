package relay

import "strings"

// assembly puts a message together that came in parts. PostgreSQL hands out what one
// transaction notifies in one piece, so there is one such message at a time.
type assembly struct {
	origin string
	number uint64
	// process is the server's process that notified. The sender sets origin and number; process
	// distinguishes two senders with the same values.
	process uint32
	bodies  []string
}

// add takes a part and returns the whole text with the last one. Parts come in order; a part that
// does not continue the open message ends it.
func (a *assembly) add(process uint32, m message) (list string, whole bool) {
	if m.parts == 1 {
		return m.body, true
	}
	if m.part == 0 {
		*a = assembly{origin: m.origin, number: m.number, process: process, bodies: make([]string, 0, m.parts)}
	}
	if process != a.process || m.origin != a.origin || m.number != a.number || m.part != len(a.bodies) {
		*a = assembly{}
		return "", false
	}
	a.bodies = append(a.bodies, m.body)
	if len(a.bodies) < m.parts {
		return "", false
	}
	list = strings.Join(a.bodies, "")
	*a = assembly{}
	return list, true
}

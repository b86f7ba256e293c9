// Package event knows the events of a workflow: their names and payloads
// (catalog.json, the one source of docs/EVENTS.md, of the Ruby and of the Python
// names), and the bus that carries them: in memory, in order, bounded, with an
// account of each event.
package event

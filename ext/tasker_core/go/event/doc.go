// Package event has the events of a workflow: their names and payloads (catalog.json,
// the source of docs/EVENTS.md and of the names in Ruby and Python), and the bus that
// carries them: in memory, in order and bounded, and it counts every event.
package event

// Package relay carries events between processes over LISTEN and NOTIFY.
//
// A message is text: a line "tc1 ORIGIN NUMBER PART PARTS", and a slice of a JSON
// list of events, each [name, occurred_at, task_id, step_id, namespace, task_name,
// step_name, payload]. PostgreSQL accepts less than 8,000 bytes per message: small
// events share one, a large one takes several, which are sent in one transaction
// and so arrive together and in order, from one process of the server. Any role
// can forge the sender of a message. The JSON is ASCII, so that it fits
// every encoding of a database and may be cut anywhere. ORIGIN and NUMBER make each
// message unique, because PostgreSQL drops equal messages of a transaction.
//
// lib/tasker_core/events/relay writes the same messages on the application's connection.
package relay

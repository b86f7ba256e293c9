// Package relay carries events between processes over LISTEN and NOTIFY.
//
// A message is text: a line "tc1 ORIGIN NUMBER PART PARTS", and a slice of a JSON
// list of events, each [name, occurred_at, task_id, step_id, namespace, task_name,
// step_name, payload]. PostgreSQL takes less than 8,000 bytes a message: small
// events share one, a large one takes several, which are sent in one transaction
// and so arrive together and in order, from one process of the server. What a message
// says of its sender can be said by anybody. The JSON is ASCII, so that it fits into
// every encoding of a database and may be cut anywhere. ORIGIN and NUMBER make each
// message another one: PostgreSQL drops equal messages of a transaction.
//
// lib/tasker_core/events/relay writes the same messages on the application's connection.
package relay

// Package wire is the form in which requests and replies cross the C boundary:
// msgpack envelopes, binary tables and errors with stable codes.
//
// A request is [operation, arguments, answers]: the operation's name, a map of
// arguments, and for callers that run statements themselves the answers given
// so far, each [statement, rows, failure] with rows of text values or nil, and
// failure nil or [sqlstate, message]. A fourth element of an answer may tell how
// many nanoseconds the statement took; a fourth element of the request may be its
// origin, [traceparent, correlation id], either of them nil.
//
// A reply is [0, value], or [1, name, sql, params, write] where the caller has to
// run a statement and call again with one answer more, or [2, error].
//
// Events: subscribe gives a queue, which the caller drains with the C functions
// tc_queue_..., in batches of the form of event.Encode; publish_events takes a list in
// the form of event.DecodeAll.
package wire

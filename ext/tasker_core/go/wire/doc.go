// Package wire defines the form of requests and replies at the C boundary: msgpack
// envelopes, binary tables and errors with stable codes.
//
// A request is [operation, arguments, answers]: the operation's name, a map of
// arguments, and for callers that run statements themselves the answers given
// so far, each [statement, rows, failure] with rows of text values or nil, and
// failure nil or [sqlstate, message]. A fourth element of an answer may give the
// duration of the statement in nanoseconds; a fourth element of the request may be its
// origin, [traceparent, correlation id], either of them nil.
//
// A reply is [0, value], or [1, name, sql, params, write] if the caller has to run a
// statement and call again with one more answer, or [2, error].
//
// A claim and an outcome of a session are one statement each, so a host may run them
// with or without a transaction around them. session_claim answers [code, message, token, sort key,
// changed ids, follow], where follow is the one step that can be claimed with the
// completion of this one, or 0. session_finish takes it as claim and answers [code,
// message, row id, sort key, task version, claim]: claim is nil if none was requested,
// otherwise [code, token, sort key, changed ids, follow] with the code allowed or
// not_claimed. session_settle answers the same for a claim or an outcome whose answer
// was lost, which was written if the code is allowed, and can be repeated if it is not_written.
// Later versions may append to these lists, so callers should ignore further elements.
//
// Events: subscribe returns a queue, which the caller drains with the C functions
// tc_queue_..., in batches of the form of event.Encode; publish_events takes a list in
// the form of event.DecodeAll.
package wire

// Package readiness decides for each step of a task whether it may run now, and
// computes the progress of a task. It has the rules of the engine's SQL functions
// get_step_readiness_status, get_step_readiness_status_batch,
// get_task_execution_context and get_task_execution_contexts_batch, as plain
// functions over plain values.
//
// # Values
//
// Times are microseconds since 1970-01-01 00:00:00, of the same "timestamp
// without time zone" kind as the columns; now must be LOCALTIMESTAMP of the
// session, since that is what the functions compare with. A NULL is a Null that
// is not Valid. math.MaxInt64 and math.MinInt64 stand for infinity and -infinity.
//
// # Two versions
//
// V01 is the first schema's, V02 that of migration 20250710110830; both live in
// databases. They differ in two points:
//
//   - retry_eligible: V02 compares attempts with retry_limit and nothing else;
//     V01 also looks at retryable (from the first attempt on) and at the backoff
//     of a failed step.
//   - NULL attempts: 0 for V02. For V01 every comparison with it is unknown, so
//     such a step is never ready, yet mostly retry eligible, and attempts stays
//     NULL in the answer.
//
// The single and the batch function of a version have the same rules. The
// execution context is the same in both, over the readiness of its version; V01
// never counts a failed step with NULL attempts as blocked.
//
// # Backoff
//
// A failed step waits 2^attempts seconds from its last failure, at most 30; for
// NULL attempts 2 seconds (also in V02, where they are 0 elsewhere). Negative
// attempts wait fractions of a second, rounded half to even to microseconds as
// PostgreSQL does. An explicit backoff_request_seconds counts from
// last_attempted_at, may be negative, and for next_retry_at goes before the
// other; for being ready both must have passed.
//
// # Where the engine raises
//
// From 44 attempts on the SQL cannot hold 2^attempts as an interval, and one such
// failed step makes the function raise for the whole task; so do powers that a
// float8 cannot hold, and sums past the range of timestamps. Here the delay is 30
// or 0 seconds and a time stops at infinity: a task must not become unreadable
// because of one of its steps.
package readiness

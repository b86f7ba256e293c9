// Package pool reaches PostgreSQL over connections of the core's own, for hosts
// that have none to lend: Ruby without Rails, Python, C, the command line.
//
// No connection is opened before the first statement, and never more than
// pool_max_connections. Statements that read take any free connection; an
// operation that writes gets one connection and a transaction (WithTransaction).
// Nothing is run a second time: a connection that broke while it lay idle is
// noticed before it is used, one that breaks under a statement is the caller's to
// hear of.
//
// Sessions run in UTC, as the engine's applications do. Everything that a session
// needs is a start-up parameter that PgBouncer keeps track of, so the pool works
// behind it in transaction mode.
package pool

// Package pool reaches PostgreSQL over the core's own connections, for hosts without
// connections: Ruby without Rails, Python, C, the command line.
//
// No connection is opened before the first statement, and never more than
// pool_max_connections. Statements that read take any free connection; an
// operation that writes gets one connection and a transaction (WithTransaction).
// No statement is run a second time: a connection that broke while it was idle is
// detected before it is used, and one that breaks during a statement is reported to the
// caller.
//
// Sessions run in UTC, as the engine's applications do. Everything that a session
// needs is a start-up parameter that PgBouncer tracks, so the pool works
// behind it in transaction mode.
package pool

// Package store lets operations reach PostgreSQL: it has the statements, the Driver
// interface that runs them, and the decoding of their answers.
//
// Every value passes the interface as PostgreSQL text, or nil for NULL. That is the
// only form that means the same through Active Record's connection and through
// pgx, whatever type maps, time zones or JSON settings either side has. To keep
// it independent of the session's settings, statements give times as the
// hexadecimal form of timestamp_send (see Micros), never as formatted text.
//
// Two drivers exist. Package store/host has no connection of its own: it asks
// the caller to run the statement on the caller's connection, inside the
// caller's transaction. The pool driver runs it on the core's own connections.
package store

// Package store is how operations reach PostgreSQL: statements, the Driver
// seam that runs them, and the decoding of what they answer.
//
// Every value crosses the seam as PostgreSQL text, or nil for NULL. That is the
// one form that means the same through Active Record's connection and through
// pgx, whatever type maps, time zones or JSON settings either side has. To keep
// it independent of the session's settings, statements give times as the
// hexadecimal form of timestamp_send (see Micros), never as formatted text.
//
// Two drivers exist. Package store/host has no connection of its own: it asks
// the caller to run the statement on the caller's connection, inside the
// caller's transaction. A pool driver runs it on connections of the core's own.
package store

package store

import (
	"context"
	"fmt"
)

// Statement is one SQL statement with its parameters.
type Statement struct {
	// Name identifies the statement in logs, spans and instrumentation.
	Name string
	// SQL uses $1, $2, ... placeholders, each with an explicit cast.
	SQL string
	// Params are PostgreSQL text values; nil is NULL.
	Params []*string
	// Write tells that the statement changes rows. The host invalidates its query
	// cache, and runs the statement inside transaction(requires_new: true); a claim and
	// an outcome of a session take effect as a whole without it.
	Write bool
}

// Ping tells whether the database answers; with a text, as every answer is.
var Ping = Statement{Name: "ping", SQL: "SELECT 'pong'"}

// With gives the statement with parameters.
func (s Statement) With(params ...*string) Statement {
	s.Params = params
	return s
}

// Rows is the answer of a statement: rows of text values, nil for NULL.
type Rows [][]*string

// Driver runs statements. An operation gets one for the length of one call and
// must not keep it.
type Driver interface {
	// Query runs the statement and returns all its rows. A failure of the
	// database is an *Error.
	Query(ctx context.Context, statement Statement) (Rows, error)
}

// Error is a failure that the database (or the way to it) reported.
type Error struct {
	// SQLState is the five character code, empty where no server answered.
	SQLState string
	Message  string
}

func (e *Error) Error() string {
	if e.SQLState == "" {
		return "database: " + e.Message
	}
	return fmt.Sprintf("database: %s (SQLSTATE %s)", e.Message, e.SQLState)
}

// Retryable tells whether running the whole transaction again can succeed:
// serialization failures, deadlocks, a connection that broke or could not be
// had, and a server that is starting or stopping. A COMMIT whose outcome is
// unknown (08007) is none of them: it may have taken effect.
func (e *Error) Retryable() bool {
	switch e.SQLState {
	case "08007":
		return false
	case "40001", "40P01", "55P03", "57P01", "57P02", "57P03":
		return true
	}
	return len(e.SQLState) == 5 && e.SQLState[:2] == "08"
}

// SchemaMissing tells whether a table, column or function that the core needs
// does not exist.
func (e *Error) SchemaMissing() bool {
	switch e.SQLState {
	case "42P01", "42703", "42883", "3F000":
		return true
	}
	return false
}

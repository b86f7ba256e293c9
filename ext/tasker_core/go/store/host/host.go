// Package host reaches PostgreSQL through the caller's own connection.
//
// The driver has no connection. When an operation asks for a statement whose
// answer the caller has not given yet, Query notes the statement and returns
// ErrParked; the operation unwinds, and the call answers "run this statement".
// The caller runs it on its connection and calls again with the same request
// and the answers so far; the operation starts over and finds them recorded.
//
// So a parked operation is a plain value that the caller holds. The core keeps no
// goroutine, no lock and no memory for it: if the caller gives up (a timeout, a killed
// thread, a fork), there is nothing to cancel or to collect. An operation must meet
// one condition: up to its last statement it has no effect and depends only on its
// request and the answers. Operations need one or
// two statements, so the work done twice is the building of their parameters.
package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// ErrParked unwinds an operation that waits for the caller to run a statement.
var ErrParked = errors.New("the operation waits for a statement's answer")

// Answer is what the caller's connection gave for one statement.
type Answer struct {
	// Statement is the name of the statement that was run.
	Statement string
	Rows      store.Rows
	// Failure is set instead of Rows where the connection reported an error.
	Failure *store.Error
	// Elapsed is how long it took, 0 where the caller did not measure.
	Elapsed time.Duration
}

// Driver is a store.Driver over answers recorded by the caller.
type Driver struct {
	answers []Answer
	used    int
	pending *store.Statement
}

// New gives a driver for one call.
func New(answers []Answer) *Driver { return &Driver{answers: answers} }

// Query gives the next recorded answer, or notes the statement and returns
// ErrParked.
func (d *Driver) Query(_ context.Context, statement store.Statement) (store.Rows, error) {
	if d.used == len(d.answers) {
		if d.pending == nil {
			d.pending = &statement
		}
		return nil, ErrParked
	}
	answer := d.answers[d.used]
	d.used++
	if answer.Statement != statement.Name {
		return nil, fmt.Errorf("answer %d is for statement %q, but the operation asks for %q: answers must be given in the order in which they were asked", d.used, answer.Statement, statement.Name)
	}
	if answer.Failure != nil {
		return nil, answer.Failure
	}
	return answer.Rows, nil
}

// Pending is the statement that the caller has to run, nil if there is none.
func (d *Driver) Pending() *store.Statement { return d.pending }

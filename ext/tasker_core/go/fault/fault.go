// Package fault turns a panic into an error, so that one bad request or message ends
// neither the process nor other calls.
package fault

import (
	"fmt"
	"os"
	"runtime/debug"
)

// Error is a panic that was caught.
type Error struct {
	// Cause is what the panic said.
	Cause string
}

func (e *Error) Error() string {
	return fmt.Sprintf("internal fault of the core: %s; please report it with the stack on standard error", e.Cause)
}

// Caught gives the error for what recover gave, and writes the stack to standard error.
func Caught(cause any) *Error {
	e := &Error{Cause: fmt.Sprint(cause)}
	fmt.Fprintf(os.Stderr, "tasker_core: fault in the core: %s\n%s", e.Cause, debug.Stack())
	return e
}

// Recover is deferred: where the function panics, it ends with an *Error instead. It is
// for work that leaves nothing half changed which others use.
func Recover(err *error) {
	if cause := recover(); cause != nil {
		*err = Caught(cause)
	}
}

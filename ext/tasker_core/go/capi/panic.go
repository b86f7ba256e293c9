package main

/*
#include "../../include/tasker_core.h"
*/
import "C"

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"

	"github.com/jcoletaylor/tasker_core/go/wire"
)

// poison holds why the core does not go on: after a panic its memory may be half
// changed, so every later call is refused and the host takes its own path.
var poison atomic.Pointer[string]

func poisoned(reason string) error {
	return wire.Errorf(wire.CodePoisoned, "the core stopped after a fault of its own (%s); restart the process", reason)
}

// contain turns a panic into an error reply and poisons the core.
func contain(reply *C.tc_buffer) {
	cause := recover()
	if cause == nil {
		return
	}
	err := fault(cause)
	if reply != nil {
		answer(reply, wire.EncodeError(err))
	}
}

// fault poisons the core and gives the error that says so. The stack goes to
// standard error: it is a fault to report.
func fault(cause any) error {
	reason := fmt.Sprint(cause)
	poison.CompareAndSwap(nil, &reason)
	fmt.Fprintf(os.Stderr, "tasker_core: fault in the core: %s\n%s", reason, debug.Stack())
	return poisoned(reason)
}

package main

/*
#include "../../include/tasker_core.h"
*/
import "C"

import (
	"sync/atomic"

	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// poison holds the reason why the core has stopped: a panic came as far as this, so that shared
// memory may be half changed. Every later call is refused, and the host uses its own code. A panic
// in an operation that leaves nothing half changed does not come here: see wire.Dispatch.
var poison atomic.Pointer[string]

func poisoned(reason string) error {
	return wire.Errorf(wire.CodePoisoned, "the core stopped after an internal fault (%s); restart the process", reason)
}

// contain turns a panic into an error reply and poisons the core.
func contain(reply *C.tc_buffer) {
	cause := recover()
	if cause == nil {
		return
	}
	err := poisonedBy(cause)
	if reply != nil {
		answer(reply, wire.EncodeError(err))
	}
}

// poisonedBy poisons the core and gives the error that says so. The stack goes to
// standard error: it is a fault to report.
func poisonedBy(cause any) error {
	caught := fault.Caught(cause)
	poison.CompareAndSwap(nil, &caught.Cause)
	return poisoned(caught.Cause)
}

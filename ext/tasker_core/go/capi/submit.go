package main

/*
#include "wait.h"
*/
import "C"

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/wire"
)

// start runs a call on a goroutine of its own. The request must not be the caller's
// memory.
func start(core, token uint64, request []byte, running *C.tc_running) {
	ctx, done := tokens.use(token)
	go func() {
		defer done()
		var reply C.tc_buffer
		answer(&reply, contained(ctx, core, request))
		C.running_end(running, reply)
	}()
}

// contained is a call on a goroutine of ours: no exported function is below it that
// would recover from a panic.
func contained(ctx context.Context, core uint64, request []byte) (reply []byte) {
	defer func() {
		if cause := recover(); cause != nil {
			reply = wire.EncodeError(fault(cause))
		}
	}()
	return call(ctx, core, request)
}

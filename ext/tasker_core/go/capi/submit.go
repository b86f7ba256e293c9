package main

/*
#include "wait.h"
*/
import "C"

import (
	"cmp"
	"context"
	"math"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// completion is a submitted call's reply on its way to the host.
type completion struct {
	token uint64
	reply []byte
}

type completions = queue.Queue[completion]

// newCompletions gives a queue for the replies of submitted calls. Nothing bounds it
// but the calls themselves: each of them is one item, and none may be lost.
func newCompletions() (*completions, error) {
	return queue.New(queue.Options[completion]{Capacity: math.MaxInt, Encode: encodeCompletion, Descriptor: true})
}

func encodeCompletion(e *msgpack.Encoder, c *completion) error {
	return cmp.Or(e.EncodeArrayLen(2), e.EncodeMulti(c.token, c.reply))
}

// submit runs a call in the background and puts its reply into the queue; false where
// there is no such queue. The request must not be the caller's memory.
func submit(core, token uint64, request []byte, handle uint64) bool {
	reader, _ := queue.Find(handle)
	replies, ok := reader.(*completions)
	if !ok {
		tokens.cancel(token)
		return false
	}
	background(core, token, request, func(reply []byte) { replies.Put(&completion{token: token, reply: reply}) })
	return true
}

// start runs a call in the background for a caller of tc_wait.
func start(core, token uint64, request []byte) *C.tc_running {
	running := C.running_new()
	background(core, token, request, func(reply []byte) {
		var buffer C.tc_buffer
		answer(&buffer, reply)
		C.running_end(running, buffer)
	})
	return running
}

func background(core, token uint64, request []byte, end func(reply []byte)) {
	ctx, done := context.Background(), func() {}
	if token != 0 {
		ctx, done = tokens.use(token)
	}
	go func() {
		reply := contained(func() []byte { return call(ctx, core, request) })
		done()
		end(reply)
	}()
}

// contained gives the reply of work on a goroutine of ours: no exported function is
// below it that would recover from a panic.
func contained(work func() []byte) (reply []byte) {
	defer func() {
		if cause := recover(); cause != nil {
			reply = wire.EncodeError(poisonedBy(cause))
		}
	}()
	return work()
}

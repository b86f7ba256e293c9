// The exported C functions of the core, and nothing else: they turn pointers
// into slices and handles into cores, and keep a panic from ending the host.
package main

/*
#include <stdlib.h>
#include "wait.h"
*/
import "C"

import (
	"bytes"
	"context"
	"unsafe"

	"github.com/jcoletaylor/tasker_core/go/queue"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

func main() {}

//export tc_abi_version
func tc_abi_version() C.uint32_t { return C.TC_ABI_VERSION }

//export tc_open
func tc_open(config *C.tc_byte, length C.size_t, reply *C.tc_buffer) (handle C.uint64_t) {
	*reply = C.tc_buffer{}
	defer contain(reply)
	core, err := open(view(config, length))
	if err != nil {
		answer(reply, wire.EncodeError(err))
		return 0
	}
	return C.uint64_t(core)
}

//export tc_close
func tc_close(core C.uint64_t) {
	defer contain(nil)
	closeCore(uint64(core))
}

//export tc_token
func tc_token() C.uint64_t { return C.uint64_t(tokens.begin()) }

//export tc_cancel
func tc_cancel(token C.uint64_t) { tokens.cancel(uint64(token)) }

//export tc_call
func tc_call(core, token C.uint64_t, request *C.tc_byte, length C.size_t, reply *C.tc_buffer) {
	defer contain(reply)
	ctx := context.Background()
	if token != 0 {
		var done func()
		ctx, done = tokens.use(uint64(token))
		defer done()
	}
	answer(reply, call(ctx, uint64(core), view(request, length)))
}

//export tc_start
func tc_start(core, token C.uint64_t, request *C.tc_byte, length C.size_t) *C.tc_running {
	return start(uint64(core), uint64(token), bytes.Clone(view(request, length)))
}

//export tc_completions
func tc_completions() (handle C.uint64_t) {
	defer contain(nil)
	replies, err := newCompletions()
	if err != nil {
		return 0
	}
	return C.uint64_t(queue.Open(replies))
}

//export tc_submit
func tc_submit(core, token C.uint64_t, request *C.tc_byte, length C.size_t, completions C.uint64_t) (started C.int) {
	defer contain(nil)
	if submit(uint64(core), uint64(token), bytes.Clone(view(request, length)), uint64(completions)) {
		return 1
	}
	return 0
}

//export tc_free
func tc_free(buffer C.tc_buffer) { C.free(unsafe.Pointer(buffer.data)) }

// view gives the caller's bytes without copying; they are valid during the call.
func view(data *C.tc_byte, length C.size_t) []byte {
	if data == nil || length == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(data)), int(length))
}

func answer(reply *C.tc_buffer, data []byte) {
	reply.data = (*C.uint8_t)(C.CBytes(data))
	reply.length = C.size_t(len(data))
}

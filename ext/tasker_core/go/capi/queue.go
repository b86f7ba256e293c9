package main

/*
#include "../../include/tasker_core.h"
*/
import "C"

import "github.com/jcoletaylor/tasker_core/go/queue"

// maxBatch bounds the memory of one batch.
const maxBatch = 4096

//export tc_queue_fd
func tc_queue_fd(handle C.uint64_t) C.int { return C.int(descriptor(uint64(handle))) }

// descriptor is -1 after a panic too: 0 would be standard input.
func descriptor(handle uint64) (number int) {
	number = -1
	defer contain(nil)
	if q, ok := queue.Find(handle); ok {
		number = q.Descriptor()
	}
	return number
}

//export tc_queue_drain
func tc_queue_drain(handle C.uint64_t, limit C.uint32_t, batch *C.tc_buffer) (count C.int64_t) {
	count = C.TC_QUEUE_ENDED
	defer contain(nil)
	q, ok := queue.Find(uint64(handle))
	if !ok {
		return C.TC_QUEUE_ENDED
	}
	items, taken, open := q.Drain(min(int(limit), maxBatch))
	if !open {
		return C.TC_QUEUE_ENDED
	}
	if taken > 0 {
		answer(batch, items)
	}
	return C.int64_t(taken)
}

//export tc_queue_close
func tc_queue_close(handle C.uint64_t) {
	defer contain(nil)
	queue.Free(uint64(handle))
}

package queue

import (
	"sync"
	"sync/atomic"
)

// Reader is what a host does with a queue, whatever is in it.
type Reader interface {
	Descriptor() int
	Drain(limit int) (batch []byte, count int, open bool)
	Close()
	Release()
}

// handles are the queues that hosts read. They belong to the process and not to a
// core: the reader of a closed core's queue takes what is left there.
var (
	handles    sync.Map
	lastHandle atomic.Uint64
)

// Open gives a queue a handle, which a host gives back with Free.
func Open(reader Reader) uint64 {
	handle := lastHandle.Add(1)
	handles.Store(handle, reader)
	return handle
}

// Find gives the queue of a handle.
func Find(handle uint64) (Reader, bool) {
	reader, ok := handles.Load(handle)
	if !ok {
		return nil, false
	}
	return reader.(Reader), true
}

// Free releases the queue of a handle; an unknown one is ignored.
func Free(handle uint64) {
	if reader, ok := handles.LoadAndDelete(handle); ok {
		reader.(Reader).Release()
	}
}

// Package queue implements bounded queues whose reader, in Go or in a host, sleeps until
// the queue has items.
//
// A host's reader waits on a file descriptor, which is readable while the queue is
// not empty, and takes batches as msgpack arrays. Nothing calls back into the host.
// A queue knows how many items it took in, handed out and dropped, so that each can
// be accounted for.
package queue

import (
	"bytes"
	"math"
	"sync"

	"github.com/vmihailenco/msgpack/v5"
)

// Policy is the behaviour for an item without room.
type Policy string

// The policies.
const (
	// Block lets publishers wait for room: see Room.
	Block Policy = "block"
	// DropOldest makes room by dropping what has waited longest.
	DropOldest Policy = "drop_oldest"
	// Spill keeps what does not fit in memory in temporary files, in order.
	Spill Policy = "spill"
)

// Options are the properties of a queue.
type Options[T any] struct {
	// Capacity is how many items may wait in memory.
	Capacity int
	// MaxBytes bounds the memory of waiting items beside Capacity, 0 for no bound.
	// One item is always taken, however large.
	MaxBytes int
	// Size is what an item counts towards MaxBytes.
	Size func(*T) int
	// WhenFull is the policy.
	WhenFull Policy
	// Encode writes the msgpack form of an item, for batches and for spilling.
	Encode func(*msgpack.Encoder, *T) error
	// Decode reads what Encode wrote, for spilling.
	Decode func([]byte) (T, error)
	// SpillFolder is where temporary files are made, empty for the system's.
	SpillFolder string
	// Descriptor gives the queue a file descriptor for a reader outside of Go; otherwise the reader
	// waits on Ready.
	Descriptor bool
}

// Stats count items since the queue was made: Accepted = Delivered + Dropped +
// Pending, at any time.
type Stats struct {
	Accepted  uint64
	Delivered uint64
	// Dropped were never handed out: there was no room for them, or no reader.
	Dropped uint64
	// Spilled went through a temporary file.
	Spilled uint64
	Pending uint64
}

// Queue is a queue in the order of Put. It is safe for concurrent use.
type Queue[T any] struct {
	options Options[T]
	waker   waker

	mutex    sync.Mutex
	memory   ring[T]
	bytes    int
	files    spill
	stats    Stats
	signaled bool
	closed   bool
	released bool
	// stalled: see GiveUp.
	stalled bool
	taken   uint64
	room    chan struct{}

	reading sync.Mutex
	scratch []T
}

// New makes a queue. It fails where the system has no descriptor left.
func New[T any](options Options[T]) (*Queue[T], error) {
	waker, err := newWaker(options.Descriptor)
	if err != nil {
		return nil, err
	}
	if options.Size == nil {
		options.Size = func(*T) int { return 0 }
	}
	return &Queue[T]{options: options, waker: waker, memory: ring[T]{limit: options.Capacity}, files: spill{folder: options.SpillFolder}}, nil
}

// Put adds an item and never waits; false where the queue is closed. Without room the
// policy decides; under Block the item is counted as dropped, so ask Room before.
func (q *Queue[T]) Put(item *T) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed {
		return false
	}
	q.stats.Accepted++
	switch {
	case q.files.count > 0:
		q.spill(item)
	case !q.full():
		q.push(item)
	case q.options.WhenFull == Spill:
		q.spill(item)
	case q.options.WhenFull == DropOldest:
		for q.full() {
			q.forget(q.memory.first())
			q.memory.drop()
			q.stats.Dropped++
		}
		q.push(item)
	default:
		q.stats.Dropped++
		return true
	}
	q.signal()
	return true
}

// Room returns nil if Put finds room, or need not look for it; otherwise a channel that is closed
// when the caller should ask again.
func (q *Queue[T]) Room() <-chan struct{} {
	if q.options.WhenFull != Block {
		return nil
	}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed || q.stalled || !q.full() {
		return nil
	}
	if q.room == nil {
		q.room = make(chan struct{})
	}
	return q.room
}

// Taken counts the turns of the reader: while it moves, the reader is alive.
func (q *Queue[T]) Taken() uint64 {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.taken
}

// GiveUp stops the waiting for room until the reader takes items: a reader that has stopped must
// not block publishers forever. Items without room are dropped and counted meanwhile. It does
// nothing if the reader came since Taken was taken.
func (q *Queue[T]) GiveUp(taken uint64) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.taken == taken {
		q.stalled = true
		q.makeRoom()
	}
}

// Take moves the oldest items into the slice and tells how many; open is false once
// the queue is closed and empty.
func (q *Queue[T]) Take(into []T) (count int, open bool) { return q.take(into, math.MaxInt) }

// take stops with the item that reaches a number of bytes.
func (q *Queue[T]) take(into []T, most int) (count int, open bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	for count < len(into) && q.memory.count > 0 && most > 0 {
		into[count] = *q.memory.first()
		most -= q.options.Size(&into[count])
		q.forget(&into[count])
		q.memory.drop()
		count++
		if q.memory.count == 0 {
			q.refill()
		}
	}
	q.stats.Delivered += uint64(count)
	q.taken++
	q.stalled = false
	q.makeRoom()
	switch {
	case q.memory.count > 0 || q.closed:
		q.waker.still()
	case q.signaled:
		q.waker.reset()
		q.signaled = false
	}
	return count, count > 0 || !q.closed
}

// batchBytes is what a batch for a host may take, by Options.Size: its last item may go
// beyond.
const batchBytes = 4 << 20

// Drain gives up to limit of the oldest items as a msgpack array, fewer where these are
// large.
func (q *Queue[T]) Drain(limit int) (batch []byte, count int, open bool) {
	q.reading.Lock()
	defer q.reading.Unlock()
	if cap(q.scratch) < limit {
		q.scratch = make([]T, limit)
	}
	items := q.scratch[:limit]
	count, open = q.take(items, batchBytes)
	batch = encode(make([]byte, 0, 64+128*count), func(e *msgpack.Encoder) {
		_ = e.EncodeArrayLen(count)
		for i := range count {
			_ = q.options.Encode(e, &items[i])
		}
	})
	clear(items[:count])
	return batch, count, open
}

// Ready has something when there is something to take, or the queue was closed; nil
// where the reader waits on the descriptor.
func (q *Queue[T]) Ready() <-chan struct{} { return q.waker.channel() }

// Descriptor is the file that is readable while there is something to take, or the
// queue is closed; -1 without one. It belongs to the queue until Release.
func (q *Queue[T]) Descriptor() int { return q.waker.descriptor() }

// Close takes nothing more in. What waits can still be taken.
func (q *Queue[T]) Close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.close()
}

// Release closes the queue, drops the remaining items, and frees its descriptor and files. It is
// the reader's last call: no thread may wait on the descriptor after it.
func (q *Queue[T]) Release() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.released {
		return
	}
	q.close()
	q.released = true
	q.stats.Dropped += q.pending()
	q.memory = ring[T]{}
	q.bytes = 0
	q.files.remove()
	q.waker.close()
}

// Stats gives the counters.
func (q *Queue[T]) Stats() Stats {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	stats := q.stats
	stats.Pending = q.pending()
	return stats
}

func (q *Queue[T]) pending() uint64 { return uint64(q.memory.count + q.files.count) }

func (q *Queue[T]) full() bool {
	return q.memory.count >= q.options.Capacity ||
		q.options.MaxBytes > 0 && q.bytes >= q.options.MaxBytes && q.memory.count > 0
}

func (q *Queue[T]) push(item *T) {
	q.bytes += q.options.Size(item)
	q.memory.push(item)
}

// forget takes an item out of the count of bytes.
func (q *Queue[T]) forget(item *T) { q.bytes -= q.options.Size(item) }

// signal wakes the reader where it may be asleep: once for as long as there is
// something to take.
func (q *Queue[T]) signal() {
	if !q.signaled {
		q.signaled = true
		q.waker.set()
	}
}

func (q *Queue[T]) makeRoom() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

func (q *Queue[T]) close() {
	if q.closed {
		return
	}
	q.closed = true
	q.signal()
	q.makeRoom()
}

// spill puts an item behind everything else. Where that cannot be written, what is
// lost is counted.
func (q *Queue[T]) spill(item *T) {
	q.stats.Spilled++
	q.stats.Dropped += uint64(q.files.put(func(to []byte) []byte {
		return encode(to, func(e *msgpack.Encoder) { _ = q.options.Encode(e, item) })
	}))
}

// refillLimit bounds what is read at once, under the lock.
const refillLimit = 512

// refill brings the oldest of the files back to memory, which is empty.
func (q *Queue[T]) refill() {
	for q.files.count > 0 && q.memory.count < refillLimit && !q.full() {
		record, lost := q.files.take()
		q.stats.Dropped += uint64(lost)
		if record == nil {
			continue
		}
		item, err := q.options.Decode(record)
		if err != nil {
			q.stats.Dropped++
			continue
		}
		q.push(&item)
	}
}

// encode writes behind to. Nothing can fail: a buffer takes everything.
func encode(to []byte, write func(*msgpack.Encoder)) []byte {
	buffer := bytes.NewBuffer(to)
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(buffer)
	e.UseCompactInts(true)
	write(e)
	return buffer.Bytes()
}

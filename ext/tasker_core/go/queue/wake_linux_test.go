package queue_test

import (
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

type pollDescriptor struct {
	fd      int32
	events  int16
	revents int16
}

// poll waits until the descriptor is readable, or for the time.
func poll(t require.TestingT, fd int, patience *syscall.Timespec) bool {
	for {
		one := pollDescriptor{fd: int32(fd), events: 1}
		count, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&one)), 1, uintptr(unsafe.Pointer(patience)), 0, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		require.Zero(t, errno)
		return count == 1
	}
}

func readable(t require.TestingT, fd int) bool { return poll(t, fd, &syscall.Timespec{}) }

// Whoever sleeps on the descriptor alone gets everything: no wake-up is lost between
// the last drain and the next put.
func TestNoWakeUpIsLost(t *testing.T) {
	const publishers, each = 4, 20_000
	options := integers(publishers*each, queue.Block)
	options.Descriptor = true
	q := newQueue(t, options)
	var group sync.WaitGroup
	for range publishers {
		group.Go(func() { put(q, 1, each) })
	}
	seen := 0
	for seen < publishers*each {
		require.True(t, poll(t, q.Descriptor(), &syscall.Timespec{Sec: 30}), "%d came, then none", seen)
		_, count, _ := q.Drain(100)
		require.Positive(t, count, "readable means that there is something")
		seen += count
	}
	group.Wait()
	assert.False(t, readable(t, q.Descriptor()))
	q.Release()
}

func TestAReleasedQueueGivesItsDescriptorBack(t *testing.T) {
	options := integers(1, queue.Block)
	options.Descriptor = true
	first := newQueue(t, options)
	fd := first.Descriptor()
	first.Release()
	_, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
	assert.Equal(t, syscall.EBADF, errno)
}

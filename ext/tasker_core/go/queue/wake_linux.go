package queue

import (
	"fmt"
	"syscall"
	"unsafe"
)

// eventDescriptor is an eventfd: one descriptor, and one short system call for each
// change. The calls are raw, since none of them can wait.
type eventDescriptor uintptr

func newDescriptor() (waker, error) {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		return nil, fmt.Errorf("no file descriptor for a queue: %w", errno)
	}
	return eventDescriptor(fd), nil
}

func (e eventDescriptor) set() {
	count := uint64(1)
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, uintptr(e), uintptr(unsafe.Pointer(&count)), 8)
}

func (e eventDescriptor) reset() {
	var count uint64
	_, _, _ = syscall.RawSyscall(syscall.SYS_READ, uintptr(e), uintptr(unsafe.Pointer(&count)), 8)
}

func (e eventDescriptor) still()                   {}
func (e eventDescriptor) close()                   { _ = syscall.Close(int(e)) }
func (e eventDescriptor) descriptor() int          { return int(e) }
func (e eventDescriptor) channel() <-chan struct{} { return nil }

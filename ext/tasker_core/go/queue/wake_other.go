//go:build unix && !linux

package queue

import (
	"fmt"
	"syscall"
)

// pipe is a pipe with at most one byte in it.
type pipe struct{ reader, writer int }

func newDescriptor() (waker, error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(ends[:]); err != nil {
		return nil, fmt.Errorf("no file descriptors for a queue: %w", err)
	}
	p := pipe{reader: ends[0], writer: ends[1]}
	for _, end := range ends {
		syscall.CloseOnExec(end)
		if err := syscall.SetNonblock(end, true); err != nil {
			p.close()
			return nil, fmt.Errorf("no file descriptors for a queue: %w", err)
		}
	}
	return p, nil
}

func (p pipe) set() { _, _ = syscall.Write(p.writer, []byte{1}) }

func (p pipe) reset() {
	var b [1]byte
	_, _ = syscall.Read(p.reader, b[:])
}

func (p pipe) still() {}

func (p pipe) close() {
	_ = syscall.Close(p.reader)
	_ = syscall.Close(p.writer)
}

func (p pipe) descriptor() int          { return p.reader }
func (p pipe) channel() <-chan struct{} { return nil }

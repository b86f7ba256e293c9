package queue

// waker wakes a reader. It is used under the queue's lock.
type waker interface {
	// set makes the reader's wait end, reset takes that back. still says, after the
	// reader came, that there is more.
	set()
	reset()
	still()
	close()
	descriptor() int
	channel() <-chan struct{}
}

func newWaker(descriptor bool) (waker, error) {
	if descriptor {
		return newDescriptor()
	}
	return make(channelWaker, 1), nil
}

// channelWaker wakes a reader in Go.
type channelWaker chan struct{}

func (c channelWaker) set() {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (c channelWaker) reset() {
	select {
	case <-c:
	default:
	}
}

func (c channelWaker) still()                   { c.set() }
func (c channelWaker) close()                   {}
func (c channelWaker) descriptor() int          { return -1 }
func (c channelWaker) channel() <-chan struct{} { return c }

package main

import (
	"context"
	"sync"
)

// cancellations maps tokens to the calls that they cancel.
type cancellations struct {
	mutex sync.Mutex
	last  uint64
	calls map[uint64]cancellation
}

type cancellation struct {
	ctx    context.Context
	cancel context.CancelFunc
}

var tokens = cancellations{calls: make(map[uint64]cancellation)}

// begin makes a token before the call starts, so that a cancellation which comes
// first is not lost.
func (c *cancellations) begin() uint64 {
	ctx, cancel := context.WithCancel(context.Background())
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.last++
	c.calls[c.last] = cancellation{ctx: ctx, cancel: cancel}
	return c.last
}

// use gives the token's context, and what ends it. An unknown token was
// cancelled before the call began.
func (c *cancellations) use(token uint64) (context.Context, func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	entry, ok := c.calls[token]
	if !ok {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx, func() {}
	}
	return entry.ctx, func() { c.cancel(token) }
}

func (c *cancellations) cancel(token uint64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if entry, ok := c.calls[token]; ok {
		entry.cancel()
		delete(c.calls, token)
	}
}

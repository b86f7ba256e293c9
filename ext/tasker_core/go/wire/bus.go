package wire

import (
	"context"
	"errors"
	"math"
	"syscall"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

type subscribeArguments struct {
	Names     []string `msgpack:"names"`
	TaskID    id       `msgpack:"task_id"`
	Namespace string   `msgpack:"namespace"`
	TaskName  string   `msgpack:"task_name"`
	StepName  string   `msgpack:"step_name"`
	Capacity  *int     `msgpack:"capacity"`
	MaxBytes  *int     `msgpack:"max_bytes"`
	WhenFull  string   `msgpack:"when_full"`
	// MaxWait is in seconds: see event.Options. 0 sets no limit.
	MaxWait *float64 `msgpack:"max_wait"`
}

type queueArguments struct {
	Queue *uint64 `msgpack:"queue"`
}

type publishArguments struct {
	// Events is a list in the form of event.DecodeAll.
	Events msgpack.RawMessage `msgpack:"events"`
	// Wait is whether the call may wait for blocking subscriptions. Without, they
	// count as dropped what finds no room.
	Wait bool `msgpack:"wait"`
}

// subscribe opens a queue: the caller reads it with the
// functions tc_queue_... and ends it with tc_queue_close.
func subscribe(c call, a subscribeArguments) (any, error) {
	options, err := a.options()
	if err != nil {
		return nil, err
	}
	filter := event.Filter{Names: a.Names, TaskID: a.TaskID.value, Namespace: a.Namespace, TaskName: a.TaskName, StepName: a.StepName}
	subscription, err := c.core.Bus.Subscribe(filter, options)
	var refused syscall.Errno
	if errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		return nil, Errorf(CodeInvalidArgument, "%v", err)
	}
	if unknown := c.core.Catalog.Unknown(a.Names); len(unknown) > 0 {
		c.core.Log.Warn("unknown event", zap.Strings("names", unknown), zap.String("hint", "the engine publishes no event with this name; event_catalog lists its events"))
	}
	c.core.Relay.Listen(c.ctx)
	return queueReply{Queue: int64(queue.Open(subscription)), Descriptor: int64(subscription.Descriptor())}, nil
}

func (a subscribeArguments) options() (event.Options, error) {
	options := event.Options{WhenFull: queue.Policy(a.WhenFull), Descriptor: true}
	for name, bound := range map[string]struct {
		given *int
		into  *int
	}{"capacity": {a.Capacity, &options.Capacity}, "max_bytes": {a.MaxBytes, &options.MaxBytes}} {
		if bound.given == nil {
			continue
		}
		if *bound.given < 1 {
			return options, Errorf(CodeInvalidArgument, "%s is %d; it must be 1 or above", name, *bound.given)
		}
		*bound.into = *bound.given
	}
	if a.MaxWait != nil {
		if *a.MaxWait < 0 || math.IsNaN(*a.MaxWait) {
			return options, Errorf(CodeInvalidArgument, "max_wait is %v; it must be seconds, or 0 to wait without limit", *a.MaxWait)
		}
		options.MaxWait = time.Duration(min(*a.MaxWait, 1e9) * float64(time.Second))
		if options.MaxWait == 0 {
			options.MaxWait = -1
		}
	}
	return options, nil
}

// unsubscribe ends a subscription: waiting publishers continue, and its remaining events can still
// be taken. It returns false if there is no such queue.
func unsubscribe(_ call, a queueArguments) (any, error) {
	if a.Queue == nil {
		return nil, Errorf(CodeInvalidArgument, "queue is missing; subscribe returned it")
	}
	reader, found := queue.Find(*a.Queue)
	if found {
		reader.Close()
	}
	return found, nil
}

// publishEvents returns the number of published events. It is smaller than the list if the call was
// cancelled: the caller publishes the rest, or drops it.
func publishEvents(c call, a publishArguments) (any, error) {
	events, err := event.DecodeAll(a.Events)
	if err != nil {
		return nil, Errorf(CodeInvalidArgument, "it cannot be published: %v", err)
	}
	published := len(events)
	if a.Wait {
		published, err = c.core.Bus.Publish(c.ctx, events...)
	} else {
		err = c.core.Bus.Offer(events...)
	}
	if errors.Is(err, event.ErrClosed) {
		return nil, Errorf(CodeInvalidArgument, "%v", err)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	return published, nil
}

// eventStats are the counters of the bus, or of one subscription where its queue is
// given; nil for a queue that was closed.
func eventStats(c call, a queueArguments) (any, error) {
	if a.Queue == nil {
		s := c.core.Bus.Stats()
		return map[string]uint64{"published": s.Published, "matched": s.Matched, "delivered": s.Delivered, "dropped": s.Dropped,
			"spilled": s.Spilled, "pending": s.Pending, "subscriptions": uint64(s.Subscriptions)}, nil
	}
	reader, _ := queue.Find(*a.Queue)
	subscription, ok := reader.(*event.Subscription)
	if !ok {
		return nil, nil
	}
	s := subscription.Stats()
	return map[string]uint64{"matched": s.Accepted, "delivered": s.Delivered, "dropped": s.Dropped, "spilled": s.Spilled,
		"pending": s.Pending}, nil
}

package event_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/queue"
)

const million = 1_000_000

// publishMillion publishes events numbered from 1 in their task ids.
func publishMillion(bus *event.Bus) error {
	events := make([]event.Event, 500)
	for number := 0; number < million; {
		for i := range events {
			number++
			events[i] = sample(int64(number))
		}
		if _, err := bus.Publish(ctx, events...); err != nil {
			return err
		}
	}
	return nil
}

func TestAMillionEventsAreAccountedFor(t *testing.T) {
	for _, policy := range []queue.Policy{queue.Block, queue.DropOldest, queue.Spill} {
		t.Run(string(policy), func(t *testing.T) {
			bus := event.NewBus()
			s := subscribe(t, bus, event.Options{Capacity: 2000, WhenFull: policy, MaxWait: forever}, "step.completed")
			published := make(chan error)
			go func() {
				published <- publishMillion(bus)
				s.Close()
			}()
			seen, last := uint64(0), int64(0)
			buffer := make([]event.Event, 500)
			for {
				count, err := s.Receive(ctx, buffer)
				require.NoError(t, err)
				if count == 0 {
					break
				}
				seen += uint64(count)
				for i := range buffer[:count] {
					if policy != queue.DropOldest && buffer[i].TaskID != last+1 || buffer[i].TaskID <= last {
						require.Fail(t, "out of order", "%d after %d", buffer[i].TaskID, last)
					}
					last = buffer[i].TaskID
				}
				if last == million {
					require.NoError(t, <-published)
				}
			}
			stats := s.Stats()
			assert.Equal(t, uint64(million), stats.Accepted)
			assert.Equal(t, uint64(million), seen+stats.Dropped)
			assert.Equal(t, int64(million), last)
			if policy != queue.DropOldest {
				assert.Zero(t, stats.Dropped)
			}
		})
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestMemoryStaysBoundedWhenTheSubscriberHasStopped(t *testing.T) {
	const bound, count = 4 << 20, 20_000
	for _, policy := range []queue.Policy{queue.Block, queue.DropOldest, queue.Spill} {
		t.Run(string(policy), func(t *testing.T) {
			bus := event.NewBus()
			s := subscribe(t, bus, event.Options{Capacity: count, MaxBytes: bound, WhenFull: policy, MaxWait: time.Millisecond}, "*")
			before := heap()
			for range count {
				e := sample(1)
				e.Payload = make([]byte, 4096)
				_, err := bus.Publish(ctx, e)
				require.NoError(t, err)
			}
			assert.Less(t, heap(), before+3*bound, "80 MB were published")
			stats := s.Stats()
			assert.Equal(t, uint64(count), stats.Dropped+stats.Pending)
			if policy == queue.Spill {
				assert.Zero(t, stats.Dropped)
			}
		})
	}
}

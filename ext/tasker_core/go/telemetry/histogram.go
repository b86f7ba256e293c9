package telemetry

import (
	"sync"
	"sync/atomic"
	"time"
)

// Bounds are the upper ends of the buckets of every latency histogram, in seconds.
var Bounds = [...]float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// histogram counts durations without a lock.
type histogram struct {
	counts [len(Bounds) + 1]atomic.Uint64
	nanos  atomic.Int64
}

func (h *histogram) observe(d time.Duration) {
	bucket, seconds := 0, d.Seconds()
	for bucket < len(Bounds) && seconds > Bounds[bucket] {
		bucket++
	}
	h.counts[bucket].Add(1)
	h.nanos.Add(int64(d))
}

// snapshot gives cumulative counts, the last of which is the number of durations.
func (h *histogram) snapshot() *Distribution {
	d := &Distribution{Counts: make([]uint64, len(h.counts)), Sum: time.Duration(h.nanos.Load()).Seconds()}
	var all uint64
	for i := range h.counts {
		all += h.counts[i].Load()
		d.Counts[i] = all
	}
	return d
}

// mostNames bounds how many names a set of series can have: names that come from
// outside must not use up the memory.
const mostNames = 256

const otherName = "other"

// series are values by name.
type series[T any] struct {
	values sync.Map
	names  atomic.Int64
}

func (s *series[T]) of(name string) *T {
	if value, ok := s.values.Load(name); ok {
		return value.(*T)
	}
	if name != otherName && s.names.Add(1) > mostNames {
		return s.of(otherName)
	}
	value, _ := s.values.LoadOrStore(name, new(T))
	return value.(*T)
}

func (s *series[T]) each(do func(name string, value *T)) {
	s.values.Range(func(name, value any) bool {
		do(name.(string), value.(*T))
		return true
	})
}

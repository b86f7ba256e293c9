package telemetry

import (
	"context"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/fault"
)

// SpanCounts count the spans of a tracer. Ended is the sum of the others.
type SpanCounts struct {
	// Ended were handed over.
	Ended uint64
	// Exported were taken by the receiver.
	Exported uint64
	// Dropped found the queue full, or were still waiting when it was closed.
	Dropped uint64
	// Failed were sent and refused, could not be sent in time, or could not be read.
	Failed uint64
	// Waiting are in the queue.
	Waiting uint64
}

// spool keeps spans until there are enough of them, or the time has come, and sends them. It
// replaces the SDK's batch processor, which wakes its goroutine for each span and does not count
// dropped spans; its limits are the same.
//
// Spans of the host arrive in wire form, so the host does not wait for their decoding.
type spool struct {
	exporter sdk.SpanExporter
	log      *zap.Logger
	limits   limits

	mutex  sync.Mutex
	spans  []sdk.ReadOnlySpan
	handed []handed
	counts SpanCounts
	closed bool
	said   time.Time

	full    chan struct{}
	flush   chan chan struct{}
	stop    chan struct{}
	stopped chan struct{}
	sending context.Context
	giveUp  context.CancelFunc
}

// handed are spans that are still to be decoded.
type handed struct {
	count  int
	decode func() ([]sdk.ReadOnlySpan, error)
}

func newSpool(exporter sdk.SpanExporter, log *zap.Logger) *spool {
	s := &spool{exporter: exporter, log: log, limits: limitsOfEnvironment(), full: make(chan struct{}, 1),
		flush: make(chan chan struct{}), stop: make(chan struct{}), stopped: make(chan struct{})}
	s.sending, s.giveUp = context.WithCancel(context.Background())
	go s.run()
	return s
}

// OnStart does nothing: a span counts when it ends.
func (s *spool) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd keeps a span, or drops it where there is no room. It never waits.
func (s *spool) OnEnd(span sdk.ReadOnlySpan) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.admit(1) {
		s.spans = append(s.spans, span)
	}
}

// hand keeps spans of the host, or drops them.
func (s *spool) hand(h handed) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.admit(h.count) {
		s.handed = append(s.handed, h)
	}
}

func (s *spool) admit(count int) bool {
	n := uint64(count)
	s.counts.Ended += n
	if s.closed || s.counts.Waiting+n > uint64(s.limits.queue) {
		s.counts.Dropped += n
		s.say("spans are dropped: the queue is full. Is the receiver of OTEL_EXPORTER_OTLP_ENDPOINT there, and fast enough? OTEL_BSP_MAX_QUEUE_SIZE makes the queue longer", nil)
		return false
	}
	s.counts.Waiting += n
	if s.counts.Waiting >= uint64(s.limits.batch) {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
	return true
}

func (s *spool) run() {
	defer close(s.stopped)
	tick := time.NewTicker(s.limits.delay)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.sendAll()
		case <-s.full:
			s.sendAll()
		case done := <-s.flush:
			s.sendAll()
			close(done)
		case <-s.stop:
			s.sendAll()
			return
		}
	}
}

func (s *spool) sendAll() {
	spans := s.take()
	for len(spans) > 0 && s.sending.Err() == nil {
		count := min(len(spans), s.limits.batch)
		s.send(spans[:count])
		spans = spans[count:]
	}
}

// take gives what is waiting, decoded.
func (s *spool) take() []sdk.ReadOnlySpan {
	s.mutex.Lock()
	spans, batches := s.spans, s.handed
	s.spans, s.handed = nil, nil
	s.mutex.Unlock()
	for _, h := range batches {
		decoded, err := h.spans()
		if err != nil || len(decoded) != h.count {
			s.left(h.count, &s.counts.Failed, "spans of the host could not be read", err)
			continue
		}
		spans = append(spans, decoded...)
	}
	return spans
}

// spans decodes them; a panic there is theirs alone.
func (h handed) spans() (spans []sdk.ReadOnlySpan, err error) {
	defer fault.Recover(&err)
	return h.decode()
}

func (s *spool) send(spans []sdk.ReadOnlySpan) {
	if err := s.export(spans); err != nil {
		s.left(len(spans), &s.counts.Failed, "spans could not be sent and are lost", err)
		return
	}
	s.left(len(spans), &s.counts.Exported, "", nil)
}

func (s *spool) export(spans []sdk.ReadOnlySpan) (err error) {
	defer fault.Recover(&err)
	ctx, cancel := context.WithTimeout(s.sending, s.limits.timeout)
	defer cancel()
	return s.exporter.ExportSpans(ctx, spans)
}

// left counts spans that wait no longer, unless they were given up meanwhile: then they
// have been counted.
func (s *spool) left(count int, as *uint64, message string, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.sending.Err() != nil {
		return
	}
	s.counts.Waiting -= uint64(count)
	*as += uint64(count)
	if message != "" {
		s.say(message, err)
	}
}

// ForceFlush sends what is waiting now.
func (s *spool) ForceFlush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case s.flush <- done:
	case <-s.stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Shutdown sends what is waiting within the context's time; what is left is dropped.
func (s *spool) Shutdown(ctx context.Context) error {
	s.mutex.Lock()
	before := s.closed
	s.closed = true
	s.mutex.Unlock()
	if before {
		return nil
	}
	close(s.stop)
	select {
	case <-s.stopped:
	case <-ctx.Done():
	}
	s.mutex.Lock()
	s.giveUp()
	if left := s.counts.Waiting; left > 0 {
		s.counts.Waiting = 0
		s.counts.Dropped += left
		s.say("spans were dropped: they could not be sent before the core was closed", ctx.Err())
	}
	s.mutex.Unlock()
	return s.exporter.Shutdown(ctx)
}

// sayAgain is how long a continuing loss is not reported again.
const sayAgain = time.Minute

// say reports a loss, under the lock.
func (s *spool) say(message string, err error) {
	if now := time.Now(); now.Sub(s.said) >= sayAgain {
		s.said = now
		s.log.Warn(message, withoutSecrets(err), zap.Uint64("spans_dropped", s.counts.Dropped), zap.Uint64("spans_failed", s.counts.Failed))
	}
}

// Counts count the spans so far.
func (s *spool) Counts() SpanCounts {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.counts
}

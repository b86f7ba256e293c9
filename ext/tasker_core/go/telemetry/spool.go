package telemetry

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
)

// SpanCounts say what became of the spans of a tracer. Ended is the sum of the
// others.
type SpanCounts struct {
	// Ended were handed over.
	Ended uint64
	// Exported were taken by the receiver.
	Exported uint64
	// Dropped found the queue full, or were still waiting when it was closed.
	Dropped uint64
	// Failed were sent and refused, or could not be sent in time.
	Failed uint64
	// Waiting are in the queue.
	Waiting uint64
}

// spool stands around the SDK's batch processor and the exporter behind it, and
// counts: what is waiting is bounded by the processor's own queue, so that a span is
// dropped here, counted, and never there.
type spool struct {
	sdk.SpanProcessor
	exporter sdk.SpanExporter
	log      *zap.Logger
	room     int64
	waiting  atomic.Int64
	ended    atomic.Uint64
	exported atomic.Uint64
	dropped  atomic.Uint64
	failed   atomic.Uint64
	// said is when a loss was reported last.
	said   atomic.Pointer[time.Time]
	closed atomic.Bool
	// settling guards the counting of spans that leave: each leaves once.
	settling sync.Mutex
	stop     context.CancelFunc
	stopping context.Context
}

func newSpool(exporter sdk.SpanExporter, log *zap.Logger) *spool {
	s := &spool{exporter: exporter, log: log, room: queueSize()}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.SpanProcessor = sdk.NewBatchSpanProcessor(sending{s}, sdk.WithMaxQueueSize(int(s.room)))
	return s
}

// queueSize is the SDK's own, which it tells nobody.
func queueSize() int64 {
	if size, err := strconv.ParseInt(os.Getenv("OTEL_BSP_MAX_QUEUE_SIZE"), 10, 32); err == nil && size > 0 {
		return size
	}
	return sdk.DefaultMaxQueueSize
}

// OnEnd queues a span, or drops it where there is no room. It never waits.
func (s *spool) OnEnd(span sdk.ReadOnlySpan) {
	s.ended.Add(1)
	if s.waiting.Add(1) > s.room || s.closed.Load() {
		s.waiting.Add(-1)
		s.dropped.Add(1)
		s.say("spans are dropped: the queue is full. Is the receiver of OTEL_EXPORTER_OTLP_ENDPOINT there, and fast enough? OTEL_BSP_MAX_QUEUE_SIZE makes the queue longer", nil)
		return
	}
	s.SpanProcessor.OnEnd(span)
}

// Shutdown sends what is waiting within the context's time; what is left is dropped.
func (s *spool) Shutdown(ctx context.Context) error {
	if s.closed.Swap(true) {
		return nil
	}
	err := s.SpanProcessor.Shutdown(ctx)
	s.settling.Lock()
	defer s.settling.Unlock()
	s.stop()
	if left := s.waiting.Swap(0); left > 0 {
		s.dropped.Add(uint64(left))
		s.say("spans were dropped: they could not be sent before the core was closed", err)
	}
	return err
}

// sayAgain is how long a loss that goes on is not reported again.
const sayAgain = time.Minute

// say reports a loss.
func (s *spool) say(message string, err error) {
	before, now := s.said.Load(), time.Now()
	if before != nil && now.Sub(*before) < sayAgain || !s.said.CompareAndSwap(before, &now) {
		return
	}
	c := s.counts()
	s.log.Warn(message, zap.Error(err), zap.Uint64("spans_dropped", c.Dropped), zap.Uint64("spans_failed", c.Failed))
}

func (s *spool) counts() SpanCounts {
	return SpanCounts{Ended: s.ended.Load(), Exported: s.exported.Load(), Dropped: s.dropped.Load(),
		Failed: s.failed.Load(), Waiting: uint64(max(s.waiting.Load(), 0))}
}

// sending is the exporter's face to the batch processor.
type sending struct{ spool *spool }

// ExportSpans sends spans, and gives up where the spool is closed.
func (e sending) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	s := e.spool
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	err := s.exporter.ExportSpans(ctx, spans)
	s.settling.Lock()
	defer s.settling.Unlock()
	if s.stopping.Err() != nil {
		// They were counted as dropped when the time was over.
		return err
	}
	s.waiting.Add(-int64(len(spans)))
	if err != nil {
		s.failed.Add(uint64(len(spans)))
		s.say("spans could not be sent and are lost", err)
		return nil
	}
	s.exported.Add(uint64(len(spans)))
	return nil
}

// Shutdown ends the exporter.
func (e sending) Shutdown(ctx context.Context) error { return e.spool.exporter.Shutdown(ctx) }

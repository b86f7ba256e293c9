package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Span is one that the host has measured: it ran the statements and the handlers.
type Span struct {
	ID trace.SpanID
	// Parent is zero where the span begins its trace.
	Parent trace.SpanID
	Name   string
	Kind   trace.SpanKind
	// Start and End are nanoseconds since 1970.
	Start, End int64
	// Failure describes what went wrong; nil for a span that did not fail.
	Failure    *string
	Attributes []attribute.KeyValue
}

// recorder makes the SDK's spans of the host's. It is used by the spool's goroutine
// alone. Whether the spans are kept was decided when their trace began.
type recorder struct {
	tracer trace.Tracer
	made   []sdk.ReadOnlySpan
}

func newRecorder(described *resource.Resource) *recorder {
	r := &recorder{}
	r.tracer = sdk.NewTracerProvider(sdk.WithSpanProcessor(r), sdk.WithResource(described), sdk.WithIDGenerator(ids{}),
		sdk.WithSampler(sdk.AlwaysSample())).Tracer(ScopeName)
	return r
}

// OnStart does nothing.
func (r *recorder) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd keeps a span.
func (r *recorder) OnEnd(span sdk.ReadOnlySpan) { r.made = append(r.made, span) }

// Shutdown has nothing to do.
func (r *recorder) Shutdown(context.Context) error { return nil }

// ForceFlush has nothing to do.
func (r *recorder) ForceFlush(context.Context) error { return nil }

// make gives the spans of a trace. root is its first span here, whose parent may be
// elsewhere.
func (r *recorder) make(id trace.TraceID, root trace.SpanID, spans []Span) []sdk.ReadOnlySpan {
	r.made = make([]sdk.ReadOnlySpan, 0, len(spans))
	for i := range spans {
		r.record(id, root, &spans[i])
	}
	return r.made
}

func (r *recorder) record(id trace.TraceID, root trace.SpanID, s *Span) {
	ctx := withIDs(context.Background(), chosen{trace: id, span: s.ID})
	if s.Parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id, SpanID: s.Parent, TraceFlags: trace.FlagsSampled, Remote: s.ID == root}))
	}
	for i, pair := range s.Attributes {
		if pair.Value.Type() == attribute.STRING {
			s.Attributes[i] = pair.Key.String(readable(pair.Value.AsString()))
		}
	}
	_, span := r.tracer.Start(ctx, s.Name, trace.WithTimestamp(time.Unix(0, s.Start)),
		trace.WithSpanKind(s.Kind), trace.WithAttributes(s.Attributes...))
	if s.Failure != nil {
		span.SetStatus(codes.Error, readable(*s.Failure))
	}
	span.End(trace.WithTimestamp(time.Unix(0, s.End)))
}

// readable makes a text valid UTF-8; otherwise the whole batch would be lost.
func readable(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Begun is the decision about a trace of the host's.
type Begun struct {
	Trace   trace.TraceID
	Span    trace.SpanID
	Parent  trace.SpanID
	Sampled bool
}

// Begin decides whether a trace is kept, and gives its first span's ids. The span
// itself comes later, with Record.
func (t *Tracer) Begin(traceparent, name string) Begun {
	if t == nil {
		return Begun{}
	}
	ctx := WithParent(context.Background(), traceparent)
	_, span := t.tracer.Start(ctx, name)
	own := span.SpanContext()
	return Begun{Trace: own.TraceID(), Span: own.SpanID(), Sampled: own.IsSampled(),
		Parent: trace.SpanContextFromContext(ctx).SpanID()}
}

// Record takes spans of a trace that Begin has decided to keep: their number, and what
// gives them, which is called when they are to be sent. root is the trace's first span
// here, whose parent may be elsewhere.
func (t *Tracer) Record(id trace.TraceID, root trace.SpanID, count int, spans func() ([]Span, error)) {
	if t == nil || count == 0 {
		return
	}
	t.spool.hand(handed{count: count, decode: func() ([]sdk.ReadOnlySpan, error) {
		decoded, err := spans()
		if err != nil {
			return nil, err
		}
		return t.recorder.make(id, root, decoded), nil
	}})
}

// Ending ends a span, with the error that it ended with, and attributes.
type Ending func(err error, attributes ...attribute.KeyValue)

func nothing(error, ...attribute.KeyValue) {}

// Start begins one of the core's own spans, below that of the context.
func (t *Tracer) Start(ctx context.Context, name string, kind trace.SpanKind) (context.Context, Ending) {
	if t == nil {
		return ctx, nothing
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	if !span.IsRecording() {
		return ctx, nothing
	}
	return ctx, func(err error, attributes ...attribute.KeyValue) {
		span.SetAttributes(attributes...)
		if err != nil {
			span.SetStatus(codes.Error, readable(err.Error()))
		}
		span.End()
	}
}

package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
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

// Record takes spans of a trace that Begin has decided to keep. root is the trace's
// first span here, whose parent may be elsewhere.
func (t *Tracer) Record(id trace.TraceID, root trace.SpanID, spans []Span) {
	if t == nil {
		return
	}
	for i := range spans {
		for j, pair := range spans[i].Attributes {
			if pair.Value.Type() == attribute.STRING {
				spans[i].Attributes[j] = pair.Key.String(readable(pair.Value.AsString()))
			}
		}
		t.record(id, root, &spans[i])
	}
}

func (t *Tracer) record(id trace.TraceID, root trace.SpanID, s *Span) {
	ctx := withIDs(context.Background(), chosen{trace: id, span: s.ID})
	if s.Parent.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id, SpanID: s.Parent, TraceFlags: trace.FlagsSampled, Remote: s.ID == root}))
	}
	_, span := t.tracer.Start(ctx, s.Name, trace.WithTimestamp(time.Unix(0, s.Start)),
		trace.WithSpanKind(s.Kind), trace.WithAttributes(s.Attributes...))
	if s.Failure != nil {
		span.SetStatus(codes.Error, readable(*s.Failure))
	}
	span.End(trace.WithTimestamp(time.Unix(0, s.End)))
}

// readable makes a text UTF-8: one that is not would take its whole batch along.
func readable(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Ending ends a span, with the error that it ended with, and attributes.
type Ending func(err error, attributes ...attribute.KeyValue)

func nothing(error, ...attribute.KeyValue) {}

// Start begins a span of the core's own, below that of the context.
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

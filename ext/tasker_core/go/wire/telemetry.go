package wire

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

type traceArguments struct {
	Name text `msgpack:"name"`
	// Traceparent is the W3C header of the span that the trace continues.
	Traceparent string `msgpack:"traceparent"`
}

// beginTrace is nil where the trace is not to be kept.
func beginTrace(c call, a traceArguments) (any, error) {
	name, err := a.Name.of("name")
	if err != nil {
		return nil, err
	}
	begun := c.core.Tracer.Begin(a.Traceparent, name)
	if !begun.Sampled {
		return nil, nil
	}
	var parent []byte
	if begun.Parent.IsValid() {
		parent = begun.Parent[:]
	}
	return traceReply{Trace: begun.Trace[:], Span: begun.Span[:], Parent: parent}, nil
}

type spansArguments struct {
	Trace []byte `msgpack:"trace"`
	// Root is the trace's first span on this host.
	Root  []byte             `msgpack:"root"`
	Spans msgpack.RawMessage `msgpack:"spans"`
}

// recordSpans takes spans of a trace that begin_trace said to keep, each
// [id, parent id, name, kind, start, end, failure, [name, value, name, value ...]]
// with times in nanoseconds since 1970. They are decoded when they are to be sent:
// those that cannot be are counted as failed.
func recordSpans(c call, a spansArguments) (any, error) {
	var id trace.TraceID
	if copy(id[:], a.Trace) != len(id) || len(a.Trace) != len(id) {
		return nil, Errorf(CodeInvalidArgument, "trace has %d bytes; a trace id has %d", len(a.Trace), len(id))
	}
	var root trace.SpanID
	copy(root[:], a.Root)
	count, err := msgpack.NewDecoder(bytes.NewReader(a.Spans)).DecodeArrayLen()
	if err != nil {
		return nil, Errorf(CodeInvalidArgument, "spans are not a list: %v", err)
	}
	raw := bytes.Clone(a.Spans)
	c.core.Tracer.Record(id, root, count, func() ([]telemetry.Span, error) {
		return decodeList(msgpack.NewDecoder(bytes.NewReader(raw)), decodeSpan)
	})
	return count, nil
}

type flushArguments struct {
	Seconds float64 `msgpack:"seconds"`
}

// flushSpans sends what is waiting, for as long as it may take.
func flushSpans(c call, a flushArguments) (any, error) {
	if a.Seconds > 0 {
		ctx, cancel := context.WithTimeout(c.ctx, time.Duration(a.Seconds*float64(time.Second)))
		defer cancel()
		if err := c.core.Tracer.Flush(ctx); err != nil && c.ctx.Err() != nil {
			return nil, err
		}
	}
	n := c.core.Tracer.Counts()
	return spansReply{Ended: int64(n.Ended), Exported: int64(n.Exported), Dropped: int64(n.Dropped), Failed: int64(n.Failed), Waiting: int64(n.Waiting)}, nil
}

const spanFields = 8

func decodeSpan(d *msgpack.Decoder) (s telemetry.Span, err error) {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return s, err
	}
	if n != spanFields {
		return s, fmt.Errorf("a span has %d fields, not %d", n, spanFields)
	}
	if err := decodeSpanID(d, &s.ID); err != nil {
		return s, err
	}
	if err := decodeSpanID(d, &s.Parent); err != nil {
		return s, err
	}
	if err := d.DecodeMulti(&s.Name, (*int)(&s.Kind), &s.Start, &s.End, &s.Failure); err != nil {
		return s, err
	}
	s.Attributes, err = decodeAttributes(d)
	return s, err
}

func decodeSpanID(d *msgpack.Decoder, id *trace.SpanID) error {
	data, err := d.DecodeBytes()
	if err != nil || data == nil {
		return err
	}
	if copy(id[:], data) != len(data) || len(data) != len(id) {
		return fmt.Errorf("a span id has %d bytes, not %d", len(data), len(id))
	}
	return nil
}

func decodeAttributes(d *msgpack.Decoder) ([]attribute.KeyValue, error) {
	n, err := d.DecodeArrayLen()
	if err != nil || n <= 0 {
		return nil, err
	}
	if n%2 != 0 {
		return nil, fmt.Errorf("attributes are alternating names and values, not %d elements", n)
	}
	attributes := make([]attribute.KeyValue, 0, min(n/2, 64))
	for range n / 2 {
		name, err := d.DecodeString()
		if err != nil {
			return nil, err
		}
		value, err := d.DecodeInterfaceLoose()
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, keyValue(name, value))
	}
	return attributes, nil
}

func keyValue(name string, value any) attribute.KeyValue {
	switch v := value.(type) {
	case string:
		return attribute.String(name, v)
	case int64:
		return attribute.Int64(name, v)
	case uint64:
		return attribute.Int64(name, int64(v))
	case float64:
		return attribute.Float64(name, v)
	case bool:
		return attribute.Bool(name, v)
	}
	return attribute.String(name, fmt.Sprint(value))
}

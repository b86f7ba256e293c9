// Package otlptest receives spans over OTLP/HTTP, for tests: it decodes what arrives
// and keeps it.
package otlptest

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is one that has arrived.
type Span struct {
	Trace      string            `json:"trace"`
	ID         string            `json:"id"`
	Parent     string            `json:"parent"`
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Start      uint64            `json:"start"`
	End        uint64            `json:"end"`
	Status     string            `json:"status"`
	Message    string            `json:"message"`
	Remote     bool              `json:"remote"`
	Scope      string            `json:"scope"`
	Attributes map[string]string `json:"attributes"`
	Resource   map[string]string `json:"resource"`
}

// Receiver is a collector's handler for /v1/traces.
type Receiver struct {
	mutex   sync.Mutex
	arrived *sync.Cond
	spans   []Span
	headers []http.Header
	status  int
}

// New gives a receiver that takes everything.
func New() *Receiver {
	r := &Receiver{status: http.StatusOK}
	r.arrived = sync.NewCond(&r.mutex)
	return r
}

// Answer sets the status that the receiver gives from now on; it keeps spans only
// with 200.
func (r *Receiver) Answer(status int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.status = status
}

// Spans gives what has arrived, and forgets it.
func (r *Receiver) Spans() []Span {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	spans := r.spans
	r.spans = nil
	return spans
}

// Headers gives the headers of all requests.
func (r *Receiver) Headers() []http.Header {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.headers
}

// Wait waits until so many spans are there, or until the context ends.
func (r *Receiver) Wait(ctx context.Context, count int) error {
	defer context.AfterFunc(ctx, r.arrived.Broadcast)()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for len(r.spans) < count {
		if ctx.Err() != nil {
			return fmt.Errorf("%d of %d spans have arrived: %w", len(r.spans), count, ctx.Err())
		}
		r.arrived.Wait()
	}
	return nil
}

// ServeHTTP takes one export request.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	export, err := decode(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.headers = append(r.headers, request.Header)
	if r.status != http.StatusOK {
		w.WriteHeader(r.status)
		return
	}
	for _, group := range export.GetResourceSpans() {
		resource := attributes(group.GetResource().GetAttributes())
		for _, scope := range group.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, span(s, scope.GetScope().GetName(), resource))
			}
		}
	}
	r.arrived.Broadcast()
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func decode(request *http.Request) (*collector.ExportTraceServiceRequest, error) {
	var body io.Reader = request.Body
	if request.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	export := &collector.ExportTraceServiceRequest{}
	return export, proto.Unmarshal(data, export)
}

// hasRemote says in a span's flags whether its parent is in another process.
const hasRemote = uint32(traces.SpanFlags_SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK)

func span(s *traces.Span, scope string, resource map[string]string) Span {
	return Span{
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
		Parent: hex.EncodeToString(s.GetParentSpanId()), Name: s.GetName(), Kind: s.GetKind().String(),
		Start: s.GetStartTimeUnixNano(), End: s.GetEndTimeUnixNano(),
		Status: s.GetStatus().GetCode().String(), Message: s.GetStatus().GetMessage(),
		Remote: s.GetFlags()&hasRemote != 0, Scope: scope,
		Attributes: attributes(s.GetAttributes()), Resource: resource,
	}
}

func attributes(pairs []*common.KeyValue) map[string]string {
	values := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		switch v := pair.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			values[pair.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			values[pair.GetKey()] = fmt.Sprint(v.IntValue)
		default:
			values[pair.GetKey()] = pair.GetValue().String()
		}
	}
	return values
}

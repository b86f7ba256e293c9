package telemetry_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
	"github.com/jcoletaylor/tasker_core/go/telemetry/otlptest"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// receiving starts a receiver, and gives settings that send to it.
func receiving(t *testing.T) (*otlptest.Receiver, config.Telemetry) {
	t.Helper()
	receiver := otlptest.New()
	server := httptest.NewServer(receiver)
	t.Cleanup(server.Close)
	return receiver, config.Telemetry{Tracing: "on", OTLPEndpoint: config.Secret(server.URL)}
}

func newTracer(t *testing.T, settings config.Telemetry, log *zap.Logger) *telemetry.Tracer {
	t.Helper()
	tracer := telemetry.NewTracer(settings, log)
	require.NotNil(t, tracer)
	t.Cleanup(tracer.Close)
	return tracer
}

// record sends a span of the host's.
func record(tracer *telemetry.Tracer, begun telemetry.Begun, name string) {
	tracer.Record(begun.Trace, begun.Span, 1, func() ([]telemetry.Span, error) {
		return []telemetry.Span{{ID: begun.Span, Parent: begun.Parent, Name: name,
			Kind: trace.SpanKindInternal, Start: 1_000_000_000, End: 2_000_000_000,
			Attributes: []attribute.KeyValue{attribute.String("text", "pa\xffss"), attribute.Int64("number", 7)}}}, nil
	})
}

func TestASpanOfTheHostArrivesAsItWasMeasured(t *testing.T) {
	receiver, settings := receiving(t)
	settings.FallbackServiceName = "tasker"
	tracer := newTracer(t, settings, zap.NewNop())
	begun := tracer.Begin(parent, "run")
	require.True(t, begun.Sampled)
	record(tracer, begun, "run")
	require.NoError(t, tracer.Flush(context.Background()))

	spans := receiver.Spans()
	require.Len(t, spans, 1)
	span := spans[0]
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", span.Trace)
	assert.Equal(t, "b7ad6b7169203331", span.Parent)
	assert.Equal(t, begun.Span.String(), span.ID)
	assert.True(t, span.Remote)
	assert.Equal(t, []uint64{1_000_000_000, 2_000_000_000}, []uint64{span.Start, span.End})
	assert.Equal(t, map[string]string{"text": "pa�ss", "number": "7"}, span.Attributes)
	assert.Equal(t, "tasker", span.Resource["service.name"])
	assert.Equal(t, telemetry.SpanCounts{Ended: 1, Exported: 1}, tracer.Counts())
}

func TestTheParentsDecisionHolds(t *testing.T) {
	_, settings := receiving(t)
	none := 0.0
	settings.TraceSampleRatio = &none
	tracer := newTracer(t, settings, zap.NewNop())
	assert.True(t, tracer.Begin(parent, "run").Sampled)
	assert.False(t, tracer.Begin("", "run").Sampled)
	assert.False(t, tracer.Begin(parent[:len(parent)-1]+"0", "run").Sampled)
	assert.False(t, tracer.Begin("no header", "run").Sampled, "what cannot be read begins a trace")
}

func TestTheHostsEnvironmentHolds(t *testing.T) {
	receiver, settings := receiving(t)
	t.Setenv("OTEL_SERVICE_NAME", "of the process's start")
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	settings.Environment = map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": settings.OTLPEndpoint.Reveal(),
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20token", "OTEL_SERVICE_NAME": "shop", "PATH": "unchanged"}
	settings.OTLPEndpoint = ""
	tracer := newTracer(t, settings, zap.NewNop())
	begun := tracer.Begin("", "run")
	require.True(t, begun.Sampled, "a variable that the host has not is not there")
	record(tracer, begun, "run")
	require.NoError(t, tracer.Flush(context.Background()))
	assert.Equal(t, "shop", receiver.Spans()[0].Resource["service.name"])
	assert.Equal(t, "Bearer token", receiver.Headers()[0].Get("Authorization"))
}

func TestTheEnvironmentSwitchesTracingOff(t *testing.T) {
	for name, value := range map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_TRACES_EXPORTER": "none"} {
		assert.Nil(t, telemetry.NewTracer(config.Telemetry{Tracing: "on", Environment: map[string]string{name: value}}, zap.NewNop()), name)
	}
	newTracer(t, config.Telemetry{Tracing: "on", Environment: map[string]string{}}, zap.NewNop())
}

func TestAnEnvironmentThatCannotBeUsedIsSaid(t *testing.T) {
	receiver, settings := receiving(t)
	core, logged := observer.New(zap.WarnLevel)
	settings.Environment = map[string]string{"OTEL_RESOURCE_ATTRIBUTES": "team=orders,no value", "OTEL_TRACES_SAMPLER": "sometimes",
		"OTEL_BSP_MAX_QUEUE_SIZE": "-1"}
	tracer := newTracer(t, settings, zap.New(core))
	record(tracer, tracer.Begin("", "run"), "run")
	require.NoError(t, tracer.Flush(context.Background()))
	require.Len(t, receiver.Spans(), 1)
	assert.Equal(t, 1, logged.FilterMessageSnippet("OTEL_RESOURCE_ATTRIBUTES").Len())

	settings.Environment = map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/at/all.pem"}
	if tracer := telemetry.NewTracer(settings, zap.New(core)); tracer != nil {
		tracer.Close()
	}
}

func TestCountsHoldWhoeverEndsSpansAtTheSameTime(t *testing.T) {
	receiver, settings := receiving(t)
	settings.Environment = map[string]string{"OTEL_BSP_MAX_QUEUE_SIZE": "300", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50", "OTEL_BSP_SCHEDULE_DELAY": "1"}
	tracer := newTracer(t, settings, zap.NewNop())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 500 {
				record(tracer, tracer.Begin("", "run"), "run")
				_, end := tracer.Start(context.Background(), "operation", trace.SpanKindInternal)
				end(nil)
			}
		})
	}
	group.Wait()
	tracer.Close()
	counts := tracer.Counts()
	assert.EqualValues(t, 8000, counts.Ended)
	assert.Equal(t, counts.Ended, counts.Exported+counts.Dropped+counts.Failed)
	assert.Zero(t, counts.Waiting)
	assert.EqualValues(t, len(receiver.Spans()), counts.Exported)
	assert.Positive(t, counts.Exported)
}

func TestNoTracerMakesNoSpans(t *testing.T) {
	var tracer *telemetry.Tracer
	assert.False(t, tracer.Begin(parent, "run").Sampled)
	tracer.Record(trace.TraceID{1}, trace.SpanID{1}, 3, nil)
	assert.NoError(t, tracer.Flush(context.Background()))
	assert.Zero(t, tracer.Counts())
	tracer.Close()
}

// If the receiver is slow the queue fills: spans without room are dropped and
// counted, nothing waits, and it is logged once.
func TestEverySpanIsAccountedFor(t *testing.T) {
	release := make(chan struct{})
	receiver := otlptest.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-release
		receiver.ServeHTTP(w, r)
	}))
	defer server.Close()
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
	core, logged := observer.New(zap.WarnLevel)
	tracer := newTracer(t, config.Telemetry{Tracing: "on", OTLPEndpoint: config.Secret(server.URL)}, zap.New(core))
	const count = 1000
	for range count {
		record(tracer, tracer.Begin("", "run"), "run")
	}
	counts := tracer.Counts()
	assert.Equal(t, telemetry.SpanCounts{Ended: count, Dropped: count - 100, Waiting: 100}, counts)
	assert.Equal(t, 1, logged.FilterMessageSnippet("spans are dropped").Len())

	close(release)
	tracer.Close()
	counts = tracer.Counts()
	assert.Equal(t, telemetry.SpanCounts{Ended: count, Exported: 100, Dropped: count - 100}, counts)
	assert.Len(t, receiver.Spans(), 100)
	record(tracer, telemetry.Begun{Trace: trace.TraceID{1}, Span: trace.SpanID{1}}, "after the end")
	assert.Equal(t, telemetry.SpanCounts{Ended: count + 1, Exported: 100, Dropped: count - 99}, tracer.Counts())
}

func TestSpansThatCannotBeReadAreCountedAndTakeNoOthersAlong(t *testing.T) {
	receiver, settings := receiving(t)
	core, logged := observer.New(zap.WarnLevel)
	tracer := newTracer(t, settings, zap.New(core))
	begun := tracer.Begin("", "run")
	tracer.Record(begun.Trace, begun.Span, 3, func() ([]telemetry.Span, error) { return nil, errors.New("no span") })
	tracer.Record(begun.Trace, begun.Span, 2, func() ([]telemetry.Span, error) { return make([]telemetry.Span, 1), nil })
	record(tracer, begun, "run")
	require.NoError(t, tracer.Flush(context.Background()))
	assert.Len(t, receiver.Spans(), 1)
	assert.Equal(t, telemetry.SpanCounts{Ended: 6, Exported: 1, Failed: 5}, tracer.Counts())
	assert.Equal(t, 1, logged.FilterMessageSnippet("could not be read").Len())
}

func TestClosingDoesNotWaitForAReceiverThatIsGone(t *testing.T) {
	blocked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-blocked }))
	defer server.Close()
	defer close(blocked)
	tracer := newTracer(t, config.Telemetry{Tracing: "on", OTLPEndpoint: config.Secret(server.URL)}, zap.NewNop())
	record(tracer, tracer.Begin("", "run"), "run")
	began := time.Now()
	tracer.Close()
	assert.Less(t, time.Since(began), telemetry.ShutdownLimit+5*time.Second)
	assert.Equal(t, telemetry.SpanCounts{Ended: 1, Dropped: 1}, tracer.Counts())
}

func TestARefusedExportIsCountedAndSaidOnce(t *testing.T) {
	receiver, settings := receiving(t)
	core, logged := observer.New(zap.WarnLevel)
	tracer := newTracer(t, settings, zap.New(core))
	send := func(status int) {
		receiver.Answer(status)
		record(tracer, tracer.Begin("", "run"), "run")
		_ = tracer.Flush(context.Background())
	}
	send(http.StatusBadRequest)
	send(http.StatusBadRequest)
	send(http.StatusOK)
	send(http.StatusBadRequest)
	assert.Equal(t, 1, logged.FilterMessageSnippet("could not be sent").Len())
	assert.Equal(t, telemetry.SpanCounts{Ended: 4, Exported: 1, Failed: 3}, tracer.Counts())
}

func TestAnotherProtocolIsSaid(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	newTracer(t, config.Telemetry{Tracing: "on"}, zap.New(core))
	assert.Equal(t, 1, logged.FilterMessageSnippet("OTEL_EXPORTER_OTLP_PROTOCOL is grpc").Len())
}

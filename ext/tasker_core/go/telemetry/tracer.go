package telemetry

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// ScopeName is the instrumentation scope of every span.
const ScopeName = "tasker_core"

// ShutdownLimit bounds how long closing a core waits for spans to be sent.
const ShutdownLimit = 2 * time.Second

// Tracer makes spans and sends them over OTLP/HTTP. A nil Tracer makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	recorder *recorder
	spool    *spool
}

// silence keeps the SDK's own messages from standard error: what is lost is counted and
// reported by the spool, and of what it cannot read of the environment it would repeat the
// values, passwords too.
var silence = sync.OnceFunc(func() {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
	otel.SetLogger(logr.Discard())
})

// NewTracer returns the tracer for the settings and the environment, nil if they enable none.
// Unusable environment variables are logged and do not fail the core.
func NewTracer(settings config.Telemetry, log *zap.Logger) *Tracer {
	if !settings.TracingOn() {
		return nil
	}
	adopt(settings.Environment)
	if disabled() {
		return nil
	}
	if endpoint := settings.OTLPEndpoint.Reveal(); endpoint != "" && !isAddress(endpoint) {
		log.Error("no spans are sent: otlp_endpoint is not a usable address: it must look like http://localhost:4318")
		return nil
	}
	warnOfOtherProtocols(log)
	warnOfBadAddresses(log)
	silence()
	exporter, err := otlptracehttp.New(context.Background(), exporterOptions(settings)...)
	if err != nil {
		log.Error("no spans are sent: the exporter cannot be created", withoutSecrets(err))
		return nil
	}
	described := describe(settings, log)
	spool := newSpool(exporter, log)
	options := []sdk.TracerProviderOption{sdk.WithSpanProcessor(spool), sdk.WithResource(described), sdk.WithIDGenerator(ids{})}
	if settings.TraceSampleRatio != nil {
		options = append(options, sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(*settings.TraceSampleRatio))))
	}
	provider := sdk.NewTracerProvider(options...)
	return &Tracer{provider: provider, tracer: provider.Tracer(ScopeName), recorder: newRecorder(described), spool: spool}
}

// Close sends what is waiting, for as long as ShutdownLimit.
func (t *Tracer) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), ShutdownLimit)
	defer cancel()
	// What could not be sent was counted and reported.
	_ = t.provider.Shutdown(ctx)
}

// Flush sends what is waiting now.
func (t *Tracer) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.ForceFlush(ctx)
}

// Counts count the spans.
func (t *Tracer) Counts() SpanCounts {
	if t == nil {
		return SpanCounts{}
	}
	return t.spool.Counts()
}

// exporterOptions leaves to the environment what the settings do not say.
func exporterOptions(settings config.Telemetry) []otlptracehttp.Option {
	if settings.OTLPEndpoint == "" {
		return nil
	}
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(settings.OTLPEndpoint.Reveal(), "/") + "/v1/traces")}
}

func warnOfOtherProtocols(log *zap.Logger) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "http/protobuf" {
			log.Warn(fmt.Sprintf("%s is %s, but spans are sent as http/protobuf: name an endpoint that accepts it", name, protocol))
			return
		}
	}
}

// warnOfBadAddresses tells where the exporter will leave an address aside, without
// repeating it.
func warnOfBadAddresses(log *zap.Logger) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if address := strings.TrimSpace(os.Getenv(name)); address != "" && !isAddress(address) {
			log.Warn(name + " is not a usable address and is ignored: it must look like http://localhost:4318")
		}
	}
}

// isAddress tells whether a string is an HTTP URL.
func isAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "http" || address.Scheme == "https") && address.Hostname() != ""
}

// addresses are URLs in a text.
var addresses = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"'\x60]*`)

// withoutSecrets gives what an error says, and of the URLs in it scheme and host: an
// address may hold a password or a key anywhere else.
func withoutSecrets(err error) zap.Field {
	if err == nil {
		return zap.Skip()
	}
	return zap.String("error", addresses.ReplaceAllStringFunc(err.Error(), func(text string) string {
		address, err := url.Parse(strings.TrimRight(text, ":,."))
		if err != nil || address.Host == "" {
			return "[hidden]"
		}
		return address.Scheme + "://" + address.Host
	}))
}

// describe gives the resource: the fallback's name, over it the environment's, over
// it the settings'.
func describe(settings config.Telemetry, log *zap.Logger) *resource.Resource {
	fallback, own := settings.FallbackServiceName, settings.ServiceName
	if fallback == "" {
		fallback = ScopeName
	}
	options := []resource.Option{
		resource.WithAttributes(attribute.String("service.name", fallback), attribute.Int("process.pid", os.Getpid())),
		resource.WithTelemetrySDK(), resource.WithFromEnv(),
	}
	if own != "" {
		options = append(options, resource.WithAttributes(attribute.String("service.name", own)))
	}
	described, err := resource.New(context.Background(), options...)
	if err != nil {
		log.Warn("OTEL_RESOURCE_ATTRIBUTES cannot be read completely")
	}
	return described
}

var propagator = propagation.TraceContext{}

// WithParent gives a context in which spans continue the trace of a W3C traceparent.
// One that cannot be read begins a new trace.
func WithParent(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return propagator.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
}

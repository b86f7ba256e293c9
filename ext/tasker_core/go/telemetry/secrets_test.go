package telemetry_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

const (
	secret = "s3cr3t"
	// tracingVariable tells a child process of the test to make a tracer and to send a span:
	// standard error belongs to the process. Its value is the setting otlp_endpoint.
	tracingVariable = "TELEMETRY_TEST_TRACING"
)

// traceOnce makes a tracer as a host would, and sends a span.
func traceOnce(endpoint string) {
	settings := config.Defaults()
	settings.Tracing, settings.OTLPEndpoint = "on", config.Secret(endpoint)
	log := telemetry.NewLog(settings)
	if tracer := telemetry.NewTracer(settings.Telemetry, log.Logger); tracer != nil {
		record(tracer, tracer.Begin("", "run"), "run")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = tracer.Flush(ctx)
		tracer.Close()
	}
}

func TestAnAddressWithAPasswordIsRepeatedNowhere(t *testing.T) {
	for what, one := range map[string]struct{ setting, environment, says string }{
		"a setting that is no URL":         {"http://me:" + secret + "@host:port/", "", "otlp_endpoint is not a usable address"},
		"a setting without a host":         {"http://" + secret + "@:4318", "", "otlp_endpoint is not a usable address"},
		"a setting without a scheme":       {"me:" + secret + "@host:4318", "", "otlp_endpoint is not a usable address"},
		"a variable that is no URL":        {"", "OTEL_EXPORTER_OTLP_ENDPOINT=http://me:" + secret + "@host:port/", "OTEL_EXPORTER_OTLP_ENDPOINT is not a usable address"},
		"a variable with a bad escape":     {"", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://me:" + secret + "%zz@host/", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is not a usable address"},
		"headers that cannot be read":      {"http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_HEADERS=api-key=%zz" + secret + "," + secret, ""},
		"resources that cannot be read":    {"http://127.0.0.1:1", "OTEL_RESOURCE_ATTRIBUTES=" + secret, "OTEL_RESOURCE_ATTRIBUTES cannot be read"},
		"a timeout that is none":           {"http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT=" + secret, ""},
		"a certificate that is not there":  {"http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_CERTIFICATE=/" + secret, ""},
		"a receiver that is not there":     {"http://me:" + secret + "@127.0.0.1:1/" + secret + "?key=" + secret, "", "spans"},
		"a receiver that is not to be had": {"http://me:" + secret + "@nowhere.invalid:1/" + secret, "", "spans"},
	} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), tracingVariable+"="+one.setting, "GORACE=atexit_sleep_ms=0", "OTEL_EXPORTER_OTLP_TIMEOUT=100", one.environment)
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		require.NoError(t, command.Run(), said.String())
		assert.NotContains(t, said.String(), secret, what)
		assert.Contains(t, said.String(), one.says, what)
	}
}

func TestARefusalNamesTheReceiverWithoutItsSecrets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not today", http.StatusUnauthorized)
	}))
	defer server.Close()
	core, said := observer.New(zap.WarnLevel)
	endpoint := strings.Replace(server.URL, "//", "//me:"+secret+"@", 1) + "/" + secret
	tracer := newTracer(t, config.Telemetry{Tracing: "on", OTLPEndpoint: config.Secret(endpoint)}, zap.New(core))
	record(tracer, tracer.Begin("", "run"), "run")
	require.NoError(t, tracer.Flush(context.Background()))
	require.NotZero(t, said.Len())
	told := said.All()[0].ContextMap()["error"]
	assert.Contains(t, told, server.URL)
	assert.Contains(t, told, "401")
	assert.NotContains(t, told, secret)
}

package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

const (
	levelVariable  = "TELEMETRY_TEST_LEVEL"
	formatVariable = "TELEMETRY_TEST_FORMAT"
	// destinationVariable is empty for the default.
	destinationVariable = "TELEMETRY_TEST_DESTINATION"
)

// TestMain: standard error belongs to the process, so that lines are read from a
// process of their own.
func TestMain(m *testing.M) {
	if endpoint, traced := os.LookupEnv(tracingVariable); traced {
		traceOnce(endpoint)
		os.Exit(0)
	}
	if level := os.Getenv(levelVariable); level != "" {
		settings := config.Defaults()
		settings.LogLevel, settings.LogFormat = level, os.Getenv(formatVariable)
		if destination := os.Getenv(destinationVariable); destination != "" {
			settings.LogDestination = destination
		}
		log := telemetry.NewLog(settings)
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn", zap.Int64("step_id", 7))
		log.Error("error")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func lines(t *testing.T, level, format string) []string {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), levelVariable+"="+level, formatVariable+"="+format, "GORACE=atexit_sleep_ms=0")
	var written bytes.Buffer
	command.Stderr = &written
	require.NoError(t, command.Run())
	return strings.FieldsFunc(written.String(), func(r rune) bool { return r == '\n' })
}

func TestTheLevelDecidesWhatIsWritten(t *testing.T) {
	for level, count := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1, "off": 0} {
		assert.Len(t, lines(t, level, "json"), count, level)
	}
}

func TestALineIsAnObjectWithTheEnginesFields(t *testing.T) {
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines(t, "warn", "json")[0]), &line))
	assert.Equal(t, "tasker_core", line["component"])
	assert.Equal(t, "warn", line["message"])
	assert.InDelta(t, 7, line["step_id"], 0)
	assert.Positive(t, line["process_id"])
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT`, line["timestamp"])
}

func TestTheConsoleGetsPlainLines(t *testing.T) {
	line := lines(t, "error", "console")[0]
	assert.Contains(t, line, "tasker_core\terror")
	assert.False(t, json.Valid([]byte(line)))
}

// logTo gives a log with a destination of its own.
func logTo(t *testing.T, destination string, filter config.LogFilter) *telemetry.Log {
	t.Helper()
	settings := config.Defaults()
	settings.LogLevel, settings.LogDestination = "debug", destination
	if filter.Mask == "" {
		filter.Mask = settings.LogFilter.Mask
	}
	settings.LogFilter = filter
	return telemetry.NewLog(settings)
}

func TestAFileIsAppendedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "core.log")
	for range 2 {
		log := logTo(t, path, config.LogFilter{})
		log.Info("once")
		log.Close()
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(written), `"message":"once"`))
}

func TestAFileThatCannotBeWrittenIsSaidOnStandardError(t *testing.T) {
	t.Setenv(destinationVariable, "/nowhere/at/all.log")
	written := lines(t, "warn", "json")
	require.Len(t, written, 3)
	assert.Contains(t, written[0], "log_destination cannot be used")
	assert.Contains(t, written[2], `"message":"error"`)
}

func TestLinesWaitForTheHostAndTheOldestAreDropped(t *testing.T) {
	log := logTo(t, "queue", config.LogFilter{})
	defer log.Lines.Release()
	for i := range 1200 {
		log.Info("a line", zap.Int("number", i))
	}
	log.Warn("the last")
	log.Close()
	batch, count, open := log.Lines.Drain(65_536)
	assert.True(t, open)
	require.Equal(t, 1000, count)
	var taken [][]string
	require.NoError(t, msgpack.Unmarshal(batch, &taken))
	assert.Equal(t, "warn", taken[999][0])
	var first map[string]any
	require.NoError(t, json.Unmarshal([]byte(taken[0][1]), &first))
	assert.InDelta(t, 201, first["number"], 0)
	assert.InDelta(t, 201, log.Lines.Metrics()[0].Samples[0].Value, 0)
	_, _, open = log.Lines.Drain(1)
	assert.False(t, open, "the log was closed")
}

// written gives the fields of one line that was logged through a filter.
func written(t *testing.T, filter config.LogFilter, fields ...zap.Field) map[string]any {
	t.Helper()
	log := logTo(t, "queue", filter)
	defer log.Lines.Release()
	log.Info("a line", fields...)
	batch, _, _ := log.Lines.Drain(1)
	var taken [][]string
	require.NoError(t, msgpack.Unmarshal(batch, &taken))
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(taken[0][1]), &line))
	return line
}

func TestWhatIsHiddenDoesNotLeave(t *testing.T) {
	arguments := map[string]any{
		"Password": "p1", "user": map[string]any{"password_hint": "p2", "name": "Ann"},
		"cards": []any{map[string]any{"number": "p3", "bank": "b"}}, "number": 7, "pin": "p4", "shipping": "by air",
		"columns": map[string]any{"results": `{"deep":[{"password":"p5","kept":1}]}`, "broken": `{"password":`},
		"file":    []byte("p6"), "code": "kept", "credit": map[string]any{"code": "p7"},
	}
	filter := config.LogFilter{Texts: []string{"passw", "cards.number"}, Regexps: []string{`\Apin\z`, `(?i)CREDIT\.code`}}
	line := written(t, filter, zap.Reflect("arguments", arguments), zap.String("passwort", "p8"), zap.Int64("task_id", 7))

	assert.Equal(t, map[string]any{
		"Password": "[FILTERED]", "user": map[string]any{"password_hint": "[FILTERED]", "name": "Ann"},
		"cards": []any{map[string]any{"number": "[FILTERED]", "bank": "b"}}, "number": 7.0, "pin": "[FILTERED]", "shipping": "by air",
		"columns": map[string]any{"results": map[string]any{"deep": []any{map[string]any{"password": "[FILTERED]", "kept": 1.0}}},
			"broken": "12 characters"},
		"file": "2 bytes", "code": "kept", "credit": map[string]any{"code": "[FILTERED]"},
	}, line["arguments"])
	assert.Equal(t, "[FILTERED]", line["passwort"])
	assert.InDelta(t, 7, line["task_id"], 0)
	for secret := 1; secret <= 8; secret++ {
		assert.NotContains(t, fmt.Sprint(line), fmt.Sprint("p", secret))
	}
	assert.Equal(t, "x", written(t, config.LogFilter{Texts: []string{"step"}, Mask: "x"}, zap.Int64("step_id", 7))["step_id"])
}

func TestAFilterThatGoDoesNotReadHidesAllArguments(t *testing.T) {
	for _, filter := range []config.LogFilter{{Regexps: []string{`(?=look)`}}, {Opaque: true}} {
		log := logTo(t, "queue", filter)
		assert.True(t, log.Opaque)
		log.Lines.Release()
	}
	log := logTo(t, "queue", config.LogFilter{Regexps: []string{`look`}})
	assert.False(t, log.Opaque)
	log.Lines.Release()
}

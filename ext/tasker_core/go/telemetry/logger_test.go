package telemetry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

const (
	levelVariable  = "TELEMETRY_TEST_LEVEL"
	formatVariable = "TELEMETRY_TEST_FORMAT"
)

// TestMain: standard error belongs to the process, so that lines are read from a
// process of their own.
func TestMain(m *testing.M) {
	if level := os.Getenv(levelVariable); level != "" {
		settings := config.Defaults()
		settings.LogLevel, settings.LogFormat = level, os.Getenv(formatVariable)
		log := telemetry.NewLogger(settings)
		log.Debug("debug")
		log.Info("info")
		log.Warn("warn", zap.Int64("step", 7))
		log.Error("error")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func lines(t *testing.T, level, format string) []string {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), levelVariable+"="+level, formatVariable+"="+format)
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

func TestALineIsAnObjectWithNameAndFields(t *testing.T) {
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines(t, "warn", "json")[0]), &line))
	assert.Equal(t, "tasker_core", line["logger"])
	assert.Equal(t, "warn", line["msg"])
	assert.InDelta(t, 7, line["step"], 0)
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT`, line["ts"])
}

func TestTheConsoleGetsPlainLines(t *testing.T) {
	line := lines(t, "error", "console")[0]
	assert.Contains(t, line, "tasker_core\terror")
	assert.False(t, json.Valid([]byte(line)))
}

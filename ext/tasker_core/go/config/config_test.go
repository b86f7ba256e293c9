package config_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
)

func decode(t *testing.T, settings map[string]any) (config.Config, error) {
	t.Helper()
	data, err := msgpack.Marshal(settings)
	require.NoError(t, err)
	return config.Decode(data)
}

func TestNothingGivesTheDefaults(t *testing.T) {
	for _, data := range [][]byte{nil, {0x80}} {
		c, err := config.Decode(data)
		require.NoError(t, err)
		assert.Equal(t, config.Defaults(), c)
		assert.Equal(t, 5*time.Second, c.AcquireTimeout())
	}
}

func TestAWrongSettingIsRefusedByName(t *testing.T) {
	for name, values := range map[string][]any{
		"log_level":                    {"loud", ""},
		"log_format":                   {"xml"},
		"max_procs":                    {-1, "two", 1.5},
		"max_sessions":                 {0},
		"pool_max_connections":         {0, -1, 1001},
		"pool_exec_mode":               {"fast", ""},
		"pool_acquire_timeout_seconds": {0, -1.5, 3601, math.NaN(), math.Inf(1)},
		"application_name":             {"a\x00b"},
		"tracing":                      {"loud", ""},
		"log_destination":              {"", "log/relative.log"},
		"slow_statement_seconds":       {-1, 3601, math.NaN()},
		"trace_sample_ratio":           {-0.1, 1.1, math.NaN()},
		"trace":                        {true},
		"environment":                  {"A=1"},
		"event_relay_names":            {"*", []any{7}},
		"database_url":                 {7},
		"colour":                       {"red"},
	} {
		for _, value := range values {
			_, err := decode(t, map[string]any{name: value})
			assert.ErrorContains(t, err, name, "%s = %v", name, value)
		}
	}
}

func TestEveryModeOfThePoolCanBeChosen(t *testing.T) {
	for mode := range pool.ExecModes {
		c, err := decode(t, map[string]any{"pool_exec_mode": mode, "pool_acquire_timeout_seconds": 0.25})
		require.NoError(t, err)
		assert.Equal(t, mode, c.PoolExecMode)
		assert.Equal(t, 250*time.Millisecond, c.AcquireTimeout())
	}
}

func TestAPasswordIsPrintedInNoForm(t *testing.T) {
	const text = "postgresql://me:s3cr3t@host/db"
	c, err := decode(t, map[string]any{"database_url": text})
	require.NoError(t, err)
	assert.Equal(t, text, c.DatabaseURL.Reveal())
	c.OTLPEndpoint, c.EventRelayURL = "https://me:s3cr3t@collector/", "postgresql://me:s3cr3t@host/db"
	asJSON, err := json.Marshal(c)
	require.NoError(t, err)
	for _, printed := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c.DatabaseURL, c.DatabaseURL), string(asJSON)} {
		assert.NotContains(t, printed, "s3cr3t")
	}
}

func TestBytesThatAreNoSettingsAreRefused(t *testing.T) {
	for _, data := range [][]byte{{0xc1}, {0x91, 0x01}, {0x81}, []byte("text")} {
		_, err := config.Decode(data)
		assert.Error(t, err)
	}
}

package config_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// FuzzDecode: any bytes give settings that hold together, or an error.
func FuzzDecode(f *testing.F) {
	for _, settings := range []any{map[string]any{}, map[string]any{"connect_timeout": nil}, map[string]any{"log_level": nil, "sslmode": nil},
		map[string]any{"log_filter": map[string]any{"texts": []any{nil}, "x": nil}}, map[string]any{"environment": map[string]any{"OTEL_X": nil}},
		map[string]any{"trace_sample_ratio": nil, "database_url": nil}, []any{nil}, nil} {
		data, err := msgpack.Marshal(settings)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add(append([]byte{0x81, 0xa1, 'x'}, bytes.Repeat([]byte{0x91}, 100_000)...))
	f.Add([]byte{0xdf, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		settings, err := config.Decode(data)
		if err == nil {
			require.Contains(t, []string{"debug", "info", "warn", "error", "off"}, settings.LogLevel)
			require.Positive(t, settings.PoolMaxConnections)
		}
	})
}

func TestAnUnknownSettingIsNamedAlsoWhereItIsNil(t *testing.T) {
	for _, name := range []string{"connect_timeout", "sslmode", "x"} {
		_, err := decode(t, map[string]any{name: nil})
		require.EqualError(t, err, "invalid settings: unknown name "+name)
	}
}

package telemetry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// TestValuesAreHiddenAsInRuby runs the table that Ruby runs as well, where Rails' own filter
// decides.
func TestValuesAreHiddenAsInRuby(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "spec", "fixtures", "log-filter.json"))
	require.NoError(t, err)
	var cases []struct {
		Texts, Regexps []string
		Key            string
		Value, Shown   any
	}
	require.NoError(t, json.Unmarshal(content, &cases))
	require.NotEmpty(t, cases)
	for _, one := range cases {
		f := newFilter(config.LogFilter{Texts: one.Texts, Regexps: one.Regexps, Mask: "[FILTERED]"})
		assert.Equal(t, one.Shown, f.value(one.Key, one.Key, one.Value), "%+v", one)
	}
}

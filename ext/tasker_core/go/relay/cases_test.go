package relay

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMessagesAreFramedAsInRuby runs the table that Ruby runs as well: texts of so many
// bytes, and of each message which list it is of, which part of how many, and how long.
func TestMessagesAreFramedAsInRuby(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "spec", "fixtures", "relay-messages.json"))
	require.NoError(t, err)
	var cases []struct {
		Origin   string
		Texts    []int
		Messages [][4]int
	}
	require.NoError(t, json.Unmarshal(content, &cases))
	for _, one := range cases {
		texts := make([][]byte, len(one.Texts))
		for i, size := range one.Texts {
			texts[i] = bytes.Repeat([]byte{'1'}, size)
		}
		framed := [][4]int{}
		for _, message := range NewWriter(one.Origin).pack(texts) {
			m, err := parse(message)
			require.NoError(t, err)
			require.Equal(t, one.Origin, m.origin)
			framed = append(framed, [4]int{int(m.number) - 1, m.part, m.parts, len(m.body)})
		}
		assert.Equal(t, one.Messages, framed, "%s %v", one.Origin, one.Texts)
	}
}

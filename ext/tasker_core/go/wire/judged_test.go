package wire

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judged is a case of spec/fixtures/arguments.json, which Ruby and Python run as well.
type judged struct {
	Operation, Argument, Kind, Unit string
	Takes, Refuses                  []json.RawMessage
}

func TestArgumentsAreJudgedAsInEveryLanguage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "spec", "fixtures", "arguments.json"))
	require.NoError(t, err)
	var cases []judged
	require.NoError(t, json.Unmarshal(text, &cases))
	operations := map[string]contractOperation{}
	for _, o := range readContract(t).Operations {
		operations[o.Name] = o
	}
	core := openCore(t, "")
	for _, one := range cases {
		if one.Unit != "" {
			continue // the bindings take seconds, and give the core whole units
		}
		ask := func(value json.RawMessage) bool {
			given := fitting(operations[one.Operation])
			given[one.Argument] = fromJSON(t, value)
			sent := dispatched(t, core, one.Operation, given, nil)
			return sent.Kind != replyError || sent.code(t) != string(CodeInvalidArgument)
		}
		for _, value := range one.Takes {
			assert.True(t, ask(value), "%s of %s is %s: %s", one.Argument, one.Operation, one.Kind, value)
		}
		for _, value := range one.Refuses {
			assert.False(t, ask(value), "%s of %s is %s, not %s", one.Argument, one.Operation, one.Kind, value)
		}
	}
}

// fromJSON gives integers as they are, also those that no bigint holds.
func fromJSON(t *testing.T, text json.RawMessage) any {
	t.Helper()
	whole, ok := new(big.Int).SetString(string(text), 10)
	switch {
	case ok && whole.IsInt64():
		return whole.Int64()
	case ok && whole.IsUint64():
		return whole.Uint64()
	case text[0] == '[':
		var elements []json.RawMessage
		require.NoError(t, json.Unmarshal(text, &elements))
		list := make([]any, len(elements))
		for i, element := range elements {
			list[i] = fromJSON(t, element)
		}
		return list
	}
	// An integer below a bigint is a number with a fraction for msgpack.
	var value any
	require.NoError(t, json.Unmarshal(text, &value))
	return value
}

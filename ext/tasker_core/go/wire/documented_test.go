package wire

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rows of docs/OPERATIONS.md: the operation, and its arguments.
var (
	documentedRow      = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|([^|]*)\\|[^|]*\\|[^|]+\\|[^|]+\\|$")
	documentedArgument = regexp.MustCompile("`\\[?([a-z_]+)\\]?`")
)

func TestEveryOperationIsDocumentedWithItsArguments(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "OPERATIONS.md"))
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, row := range documentedRow.FindAllStringSubmatch(string(page), -1) {
		name := row[1]
		require.Contains(t, operations, name, "docs/OPERATIONS.md has an operation that there is not")
		require.False(t, documented[name], "%s is there twice", name)
		documented[name] = true
		known := argumentNames(operations[name].arguments)
		for _, argument := range documentedArgument.FindAllStringSubmatch(row[2], -1) {
			assert.Contains(t, known, argument[1], "argument of %s", name)
		}
	}
	for _, name := range Operations() {
		assert.True(t, documented[name], "docs/OPERATIONS.md lacks %s: add it with its names in Ruby and Python", name)
	}
}

// An operation documents all arguments that are its own; of those that it shares with
// others it leaves out what it does not look at.
func TestArgumentsOfOneOperationAreAllDocumented(t *testing.T) {
	users := map[reflect.Type][]string{}
	for name, entry := range operations {
		users[entry.arguments] = append(users[entry.arguments], name)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "OPERATIONS.md"))
	require.NoError(t, err)
	for _, row := range documentedRow.FindAllStringSubmatch(string(page), -1) {
		entry := operations[row[1]]
		if len(users[entry.arguments]) != 1 {
			continue
		}
		for i := range entry.arguments.NumField() {
			if argument := entry.arguments.Field(i).Tag.Get("msgpack"); argument != "" {
				assert.Regexp(t, "`\\[?"+argument+"\\]?`", row[2], "argument of %s", row[1])
			}
		}
	}
}

func argumentNames(arguments reflect.Type) []string {
	var names []string
	for i := range arguments.NumField() {
		field := arguments.Field(i)
		if field.Anonymous {
			names = append(names, argumentNames(field.Type)...)
		} else if name, _, _ := strings.Cut(field.Tag.Get("msgpack"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

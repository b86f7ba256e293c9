package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// Programs in C have docs/C_API.md and no sources: what they need of these is there.
func TestTheCPageHasAllSettingsCodesAndKindsOfColumns(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "C_API.md"))
	require.NoError(t, err)
	codes := constants(t, "contract.go", "Code")
	require.Greater(t, len(codes), 10)
	kinds := constants(t, "table.go", "kind")
	require.Greater(t, len(kinds), 4)
	settings := argumentNames(reflect.TypeFor[config.Config]())
	require.Greater(t, len(settings), 20)
	for _, name := range append(append(codes, kinds...), settings...) {
		assert.Contains(t, string(page), "`"+name+"`", "docs/C_API.md lacks it")
	}
}

// constants gives the values of a file's text constants whose names begin in one way.
func constants(t *testing.T, file, prefix string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	var values []string
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || len(spec.Names[0].Name) < len(prefix) || spec.Names[0].Name[:len(prefix)] != prefix {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			values = append(values, value)
		}
		return true
	})
	return values
}

// Package architecture holds no code: its test keeps the arrows between the
// packages of this module as ARCHITECTURE.md draws them.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/jcoletaylor/tasker_core/go/"

// arrows are the packages of this module that each package may import.
var arrows = map[string][]string{
	"dag":               nil,
	"fault":             nil,
	"lifecycle":         nil,
	"schema":            nil,
	"store":             nil,
	"msgpackstrict":     nil,
	"config":            {"msgpackstrict"},
	"queue":             nil,
	"event":             {"queue", "msgpackstrict"},
	"relay":             {"event", "fault", "queue", "store", "msgpackstrict"},
	"readiness":         {"lifecycle"},
	"orchestration":     {"dag", "lifecycle", "readiness"},
	"analysis":          {"dag", "lifecycle", "readiness"},
	"creation":          {"dag"},
	"drawing":           {"dag", "lifecycle"},
	"store/host":        {"store"},
	"store/pool":        {"store"},
	"store/conformance": {"store"},
	"telemetry":         {"config", "fault", "queue", "store"},
	"operation":         {"analysis", "config", "creation", "dag", "drawing", "event", "lifecycle", "orchestration", "readiness", "relay", "schema", "store", "store/pool", "telemetry"},
	"wire":              {"analysis", "creation", "dag", "drawing", "event", "fault", "lifecycle", "operation", "orchestration", "queue", "readiness", "store", "store/host", "msgpackstrict", "telemetry"},
	"capi":              {"config", "fault", "operation", "queue", "telemetry", "wire"},

	"notices": nil,

	"telemetry/otlptest":          nil,
	"telemetry/otlptest/receiver": {"telemetry/otlptest"},
}

// pure are the packages without a driver, cgo, a clock or any other I/O.
var pure = []string{"dag", "lifecycle", "readiness", "orchestration", "analysis", "creation", "drawing", "schema"}

// allowed is what a pure package may import of the standard library; nothing of it
// reaches outside of the process. time is for values, see clocks.
var allowed = []string{
	"cmp", "crypto/md5", "embed", "encoding/hex", "encoding/json", "errors", "fmt", "math", "math/big", "math/bits",
	"maps", "path", "regexp", "slices", "sort", "strconv", "strings", "time", "unicode/utf8",
}

// clocks are the functions of time that look at a clock or wait for one.
var clocks = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

func TestImportsFollowTheArrows(t *testing.T) {
	packages := parsePackages(t)
	for name, files := range packages {
		may, known := arrows[name]
		require.True(t, known, "package %s is new: add it to the arrows here and in ARCHITECTURE.md", name)
		for _, imported := range imports(t, files) {
			if own, ours := strings.CutPrefix(imported, module); ours {
				require.Contains(t, may, own, "%s imports %s, against the arrows of ARCHITECTURE.md", name, own)
			}
		}
	}
	for name := range arrows {
		require.Contains(t, packages, name, "package %s of the arrows is gone", name)
	}
}

func TestPurePackagesReachNothingOutside(t *testing.T) {
	packages := parsePackages(t)
	for _, name := range pure {
		require.Contains(t, packages, name)
		for _, imported := range imports(t, packages[name]) {
			if !strings.HasPrefix(imported, module) {
				require.Contains(t, allowed, imported, "%s imports %s: no driver, no cgo, no I/O belongs there", name, imported)
			}
		}
		for _, call := range selections(packages[name], "time") {
			require.NotContains(t, clocks, call, "%s uses time.%s: the time has to be an argument there", name, call)
		}
	}
}

// parsePackages reads the sources of every package but their tests.
func parsePackages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		name := filepath.ToSlash(filepath.Dir(path))
		packages[name] = append(packages[name], file)
		return err
	})
	require.NoError(t, err)
	return packages
}

func imports(t *testing.T, files []*ast.File) []string {
	t.Helper()
	var paths []string
	for _, file := range files {
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// selections gives the names that are taken from a package.
func selections(files []*ast.File, pkg string) []string {
	var names []string
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				if from, ok := selector.X.(*ast.Ident); ok && from.Name == pkg {
					names = append(names, selector.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

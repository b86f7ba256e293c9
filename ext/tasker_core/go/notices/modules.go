package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// module is a module of which at least one package is in the library.
type module struct {
	path    string
	version string
	// needs are the paths of the modules whose packages its packages import.
	needs []string
	files []licence
}

// library is what a build of the core links: itself, Go and other modules.
type library struct {
	goVersion string
	// needs are the modules that the core itself imports.
	needs   []string
	modules []module
}

// listed is a package as `go list -json` tells it.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	Imports    []string
	Module     *struct {
		Path    string
		Version string
		Main    bool
	}
}

// list asks go what a package links on Linux with cgo, from vendored modules where there are such.
func list(pkg, arch string) (library, error) {
	packages, err := goList(pkg, arch)
	if err != nil {
		return library{}, err
	}
	version, err := exec.Command(goCommand(), "env", "GOVERSION").Output()
	if err != nil {
		return library{}, fmt.Errorf("go env: %w", err)
	}
	return collect(packages, strings.TrimSpace(string(version)))
}

func goCommand() string {
	if command := os.Getenv("GO"); command != "" {
		return command
	}
	return "go"
}

func goList(pkg, arch string) ([]listed, error) {
	command := exec.Command(goCommand(), "list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Module", pkg)
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=1", "GOWORK=off")
	if arch != "" {
		command.Env = append(command.Env, "GOARCH="+arch)
	}
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pkg, err)
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list %s: %w", pkg, err)
		}
		packages = append(packages, one)
	}
}

// collect puts packages together by module.
func collect(packages []listed, goVersion string) (library, error) {
	owners := map[string]string{}
	for _, one := range packages {
		if !one.Standard && !one.Module.Main {
			owners[one.ImportPath] = one.Module.Path
		}
	}
	core, found := module{}, map[string]*module{}
	for _, one := range packages {
		if one.Standard {
			continue
		}
		owner := &core
		if !one.Module.Main {
			owner = found[one.Module.Path]
			if owner == nil {
				owner = &module{path: one.Module.Path, version: one.Module.Version}
				found[owner.path] = owner
			}
			if err := owner.addLicences(one); err != nil {
				return library{}, err
			}
		}
		owner.addNeeds(one.Imports, owners)
	}
	result := library{goVersion: strings.TrimPrefix(goVersion, "go"), needs: core.needs}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		result.modules = append(result.modules, *found[path])
	}
	return result, nil
}

func (m *module) addNeeds(imports []string, owners map[string]string) {
	for _, imported := range imports {
		owner := owners[imported]
		if place, there := slices.BinarySearch(m.needs, owner); owner != "" && owner != m.path && !there {
			m.needs = slices.Insert(m.needs, place, owner)
		}
	}
}

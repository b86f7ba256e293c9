package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The library's own modules, as go lists them here.
func linked(t *testing.T, arch string) library {
	t.Helper()
	found, err := list("../capi", arch)
	require.NoError(t, err)
	return found
}

func paths(found library) []string {
	var names []string
	for _, one := range found.modules {
		names = append(names, one.path)
	}
	return names
}

func TestWhatIsLinkedIsListedAndWhatOnlyTestsUseIsNot(t *testing.T) {
	found := linked(t, "")
	assert.Contains(t, paths(found), "github.com/jackc/pgx/v5")
	assert.Contains(t, paths(found), "go.opentelemetry.io/otel")
	assert.NotContains(t, paths(found), "github.com/stretchr/testify")
	assert.Contains(t, found.needs, "github.com/jackc/pgx/v5")
	assert.NotContains(t, found.needs, "github.com/jackc/pgpassfile", "it is pgx that needs it")
	assert.Regexp(t, `^1\.\d+`, found.goVersion)
	assert.ElementsMatch(t, paths(found), paths(linked(t, "arm64")))
}

func TestEveryModuleHasALicenceThatIsKnown(t *testing.T) {
	for _, one := range linked(t, "").modules {
		id, err := one.expression()
		assert.NoError(t, err)
		assert.NotEmpty(t, id)
	}
}

func TestAModuleWithoutALicenceIsAnError(t *testing.T) {
	strange := library{modules: []module{{path: "example.org/strange", version: "v1.0.0", files: []licence{{"LICENSE", "Do as you are told."}}}}}
	for _, write := range []func() error{
		func() error { return writeLicences(&strings.Builder{}, strange) },
		func() error { return writeBOM(&strings.Builder{}, subject{}, strange) },
	} {
		assert.ErrorContains(t, write(), "example.org/strange v1.0.0 has no licence that is known here (1 files")
	}
}

func TestLicencesAreToldApart(t *testing.T) {
	for text, ids := range map[string][]string{
		goLicence: {"BSD-3-Clause"},
		"Redistribution and use in source\nand binary forms, with or without":                                                             {"BSD-2-Clause"},
		"Apache License\n      Version 2.0, January 2004":                                                                                 {"Apache-2.0"},
		"Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software ... Apache License,\nVersion 2.0": {"Apache-2.0", "MIT"},
		"All rights reserved.": nil,
	} {
		assert.Equal(t, ids, identify(text), text)
	}
}

// The files that a module keeps for a part of it count where that part is linked.
func TestFilesOfAPartCountWhereItIsLinked(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"LICENSE": "one", "part/COPYING.txt": "two", "part/deep/notice.go": "no", "other/LICENSE": "three",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	one := module{path: "example.org/m"}
	require.NoError(t, one.addLicences(listed{ImportPath: "example.org/m/part/deep", Dir: filepath.Join(root, "part/deep")}))
	require.NoError(t, one.addLicences(listed{ImportPath: "example.org/m", Dir: root}))
	assert.Equal(t, []licence{{"LICENSE", "one"}, {"part/COPYING.txt", "two"}}, one.files)
}

func TestEachTextIsWrittenOnceUnderAllItsNames(t *testing.T) {
	same := []licence{{"LICENSE", "Apache License, Version 2.0\n"}}
	var out strings.Builder
	require.NoError(t, writeLicences(&out, library{goVersion: "1.26.8", modules: []module{
		{path: "a.org/a", version: "v1.0.0", files: same}, {path: "b.org/b", version: "v2.0.0", files: same},
	}}))
	assert.Equal(t, 1, strings.Count(out.String(), "\nApache License, Version 2.0\n"))
	assert.Contains(t, out.String(), "a.org/a v1.0.0: LICENSE\nb.org/b v2.0.0: LICENSE\n")
	assert.Contains(t, out.String(), "  b.org/b v2.0.0 (Apache-2.0)\n")
	assert.Contains(t, out.String(), "Copyright 2009 The Go Authors.")
}

func TestTheBillOfMaterialsNamesEachModuleAndWhatNeedsIt(t *testing.T) {
	found := linked(t, "")
	var first, second strings.Builder
	about := subject{"tasker_core", "0.1.0", "pkg:gem/tasker_core@0.1.0"}
	require.NoError(t, writeBOM(&first, about, found))
	require.NoError(t, writeBOM(&second, about, found))
	assert.Equal(t, first.String(), second.String())

	var document bom
	require.NoError(t, json.Unmarshal([]byte(first.String()), &document))
	refs := map[string]bool{document.Metadata.Component.Ref: true}
	for _, one := range document.Components {
		assert.False(t, refs[one.Ref], "%s is there twice", one.Ref)
		refs[one.Ref] = true
	}
	assert.Len(t, document.Components, len(found.modules)+1)
	assert.Len(t, document.Dependencies, len(refs))
	for _, one := range document.Dependencies {
		for _, needed := range append(one.DependsOn, one.Ref) {
			assert.True(t, refs[needed], needed)
		}
	}
}

func TestWrongFlagsWriteNothing(t *testing.T) {
	t.Chdir("..")
	file := filepath.Join(t.TempDir(), "out")
	assert.ErrorContains(t, run([]string{"-form", "sbom"}), "-o is missing")
	assert.ErrorContains(t, run([]string{"-form", "poem", "-o", file}), `-form is "poem"; it must be licences or sbom`)
	assert.NoFileExists(t, file)
	require.NoError(t, run([]string{"-o", file}))
	assert.FileExists(t, file)
}

package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goLicence is that of Go's runtime and standard library, which are in the library too.
// Not every distribution of Go has it in its own folder.
//
//go:embed go_licence.txt
var goLicence string

// licence is a file of a module: its name within the module and its text.
type licence struct {
	name string
	text string
}

// legal are the names of files that have to go with a module.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)([._-].*)?$`)

// addLicences finds the files of a package's folder and of those above it, up to the
// module's own: the ones that vendoring keeps too.
func (m *module) addLicences(one listed) error {
	inside := strings.TrimPrefix(strings.TrimPrefix(one.ImportPath, m.path), "/")
	root := strings.TrimSuffix(one.Dir, filepath.FromSlash(inside))
	for folder := inside; ; folder = path.Dir(folder) {
		if folder == "." {
			folder = ""
		}
		if err := m.addFolder(root, folder); err != nil {
			return err
		}
		if folder == "" {
			return nil
		}
	}
}

func (m *module) addFolder(root, folder string) error {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(folder)))
	if err != nil {
		return fmt.Errorf("the licences of %s: %w", m.path, err)
	}
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		place, there := slices.BinarySearchFunc(m.files, name, func(file licence, name string) int {
			return strings.Compare(file.name, name)
		})
		if there || entry.IsDir() || !legal.MatchString(entry.Name()) || strings.HasSuffix(name, ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("the licences of %s: %w", m.path, err)
		}
		m.files = slices.Insert(m.files, place, licence{name, strings.ReplaceAll(string(text), "\r\n", "\n")})
	}
	return nil
}

// marks identify a licence by a sentence that only it has.
var marks = []struct{ id, sentence string }{
	{"Apache-2.0", "Apache License, Version 2.0"},
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
}

var spaces = regexp.MustCompile(`\s+`)

// identify returns the SPDX names of what a text permits, sorted; none if it is unknown.
func identify(text string) []string {
	text = spaces.ReplaceAllString(text, " ")
	var found []string
	for _, mark := range marks {
		if strings.Contains(text, mark.sentence) && !slices.Contains(found, mark.id) {
			found = append(found, mark.id)
		}
	}
	if strings.Contains(text, "Redistribution and use in source and binary forms") {
		if strings.Contains(text, "Neither the name") {
			found = append(found, "BSD-3-Clause")
		} else {
			found = append(found, "BSD-2-Clause")
		}
	}
	slices.Sort(found)
	return found
}

// expression is a module's licence in SPDX's form.
//
// A module without a licence, or with an unreviewed one, is an error: its package must not be
// distributed.
func (m module) expression() (string, error) {
	var all []string
	for _, file := range m.files {
		for _, id := range identify(file.text) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("%s %s has no licence that is known here (%d files were looked at): read it, then add it to marks in licences.go",
			m.path, m.version, len(m.files))
	}
	slices.Sort(all)
	return strings.Join(all, " AND "), nil
}

const rule = "================================================================================\n"

// writeLicences writes each text once, under the names of all that it belongs to.
func writeLicences(out io.Writer, linked library) error {
	var (
		texts []string
		names = map[string][]string{}
		list  strings.Builder
	)
	add := func(text, name string) {
		text = strings.TrimSpace(text) + "\n"
		if names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], name)
	}
	fmt.Fprintf(&list, "  Go %s, runtime and standard library (BSD-3-Clause)\n", linked.goVersion)
	add(goLicence, "Go, runtime and standard library")
	for _, one := range linked.modules {
		id, err := one.expression()
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "  %s %s (%s)\n", one.path, one.version, id)
		for _, file := range one.files {
			add(file.text, one.path+" "+one.version+": "+file.name)
		}
	}
	fmt.Fprintf(out, "The native library of tasker_core contains these works of others, each under its own licence:\n\n%s", list.String())
	for _, text := range texts {
		fmt.Fprintf(out, "\n%s%s\n%s\n%s", rule, strings.Join(names[text], "\n"), rule, text)
	}
	return nil
}

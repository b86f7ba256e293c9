package main

import (
	"encoding/json"
	"io"
)

// subject is the package that a bill of materials is about.
type subject struct{ name, version, purl string }

// The parts of a CycloneDX document that are written, https://cyclonedx.org/docs/1.6/json.
type (
	bom struct {
		Format       string       `json:"bomFormat"`
		SpecVersion  string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type     string          `json:"type"`
		Ref      string          `json:"bom-ref"`
		Name     string          `json:"name"`
		Version  string          `json:"version"`
		Licenses []licenceChoice `json:"licenses"`
		PURL     string          `json:"purl,omitempty"`
	}
	licenceChoice struct {
		Expression string `json:"expression"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// writeBOM writes the modules with their versions and licences, and which needs which.
func writeBOM(out io.Writer, about subject, linked library) error {
	root := newComponent(about.name, about.version, "MIT", about.purl)
	std := newComponent("std", linked.goVersion, "BSD-3-Clause", "pkg:golang/std@"+linked.goVersion)
	document := bom{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, Metadata: metadata{root}, Components: []component{std}}
	refs := map[string]string{}
	for _, one := range linked.modules {
		id, err := one.expression()
		if err != nil {
			return err
		}
		added := newComponent(one.path, one.version, id, "pkg:golang/"+one.path+"@"+one.version)
		refs[one.path] = added.Ref
		document.Components = append(document.Components, added)
	}
	named := func(needs []string) []string {
		list := []string{std.Ref}
		for _, path := range needs {
			list = append(list, refs[path])
		}
		return list
	}
	document.Dependencies = []dependency{{root.Ref, named(linked.needs)}, {std.Ref, []string{}}}
	for _, one := range linked.modules {
		document.Dependencies = append(document.Dependencies, dependency{refs[one.path], named(one.needs)})
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

func newComponent(name, version, licence, purl string) component {
	ref := purl
	if ref == "" {
		ref = name + "@" + version
	}
	return component{Type: "library", Ref: ref, Name: name, Version: version, Licenses: []licenceChoice{{licence}}, PURL: purl}
}

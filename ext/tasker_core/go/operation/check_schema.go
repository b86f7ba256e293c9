package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// DependencyResolution is the capability that replaces the engine's functions and its view.
const DependencyResolution = "dependency_resolution"

// SchemaCheck is a live database compared with what the engine and the core
// expect.
type SchemaCheck struct {
	// Differences are ordered by object and kind.
	Differences []schema.Difference
	// Functions are the engine's nine, and last its view.
	Functions []FunctionBody
}

// FunctionBody tells whose text a function or view has.
type FunctionBody struct {
	// Name is a signature, or the view's name.
	Name string
	// BodyMD5 is the hash of a function's body, empty for the view.
	BodyMD5 string
	Present bool
	// Known is false for a text that is neither the engine's nor the core's.
	Known   bool
	Version schema.Version
	// Capability is the switch of the capability that replaces it.
	Capability string
}

// CheckSchema compares the database with the expected catalogue, through the current search path. A
// missing function or view is a difference; one with an unknown text is listed in Functions, and
// the core does not replace it.
func CheckSchema(ctx context.Context, driver store.Driver) (*SchemaCheck, error) {
	rows, err := driver.Query(ctx, store.Statement{Name: "schema_catalog", SQL: schema.CatalogSQL()})
	if err != nil {
		return nil, err
	}
	text, err := oneRow(rows, 1)
	if err != nil {
		return nil, err
	}
	catalog, err := schema.ParseCatalog([]byte(text.text()))
	if err != nil {
		return nil, &store.FormatError{Want: "a catalogue", Got: err.Error()}
	}
	found, err := fingerprints(ctx, driver)
	if err != nil {
		return nil, err
	}
	return &SchemaCheck{Differences: schema.Compare(schema.Expected(), catalog), Functions: functionBodies(found)}, nil
}

// FunctionVersions tells whose text each of the engine's functions and its view
// has, which is the cheap part of CheckSchema.
func FunctionVersions(ctx context.Context, driver store.Driver) ([]FunctionBody, error) {
	found, err := fingerprints(ctx, driver)
	if err != nil {
		return nil, err
	}
	return functionBodies(found), nil
}

func functionBodies(found schema.Fingerprints) []FunctionBody {
	var bodies []FunctionBody
	for _, signature := range schema.FunctionSignatures() {
		body := FunctionBody{Name: signature, Capability: DependencyResolution}
		if hash := found.Functions[signature]; hash != nil {
			body.BodyMD5, body.Present = *hash, true
			body.Version, body.Known = schema.Identify(signature, *hash)
		}
		bodies = append(bodies, body)
	}
	view := FunctionBody{Name: schema.ViewName, Capability: DependencyResolution}
	if found.View != nil {
		view.Present = true
		view.Version, view.Known = schema.IdentifyView(*found.View)
	}
	return append(bodies, view)
}

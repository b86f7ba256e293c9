package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed catalog.json
var catalogJSON []byte

//go:embed sql/catalog.sql
var catalogSQL string

var expected = mustParseCatalog(catalogJSON)

// Catalog is what a database's catalogue says of the engine's tables, views and
// functions, without the name of the schema that they are in.
type Catalog struct {
	Tables    map[string]Table        `json:"tables"`
	Views     map[string][]ViewColumn `json:"views"`
	Functions []Function              `json:"functions"`
}

// Table has its columns in stored order.
type Table struct {
	Columns     []Column `json:"columns"`
	Indexes     []Object `json:"indexes"`
	Constraints []Object `json:"constraints"`
}

// Column is a column of a table; Type is what PostgreSQL's format_type says, Default the
// stored expression, nil for none.
type Column struct {
	Name    string  `json:"name"`
	Type    string  `json:"type"`
	Default *string `json:"default"`
	NotNull bool    `json:"not_null"`
}

// Object is an index or a constraint with the definition that PostgreSQL gives for it.
type Object struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

// ViewColumn is a column of a view.
type ViewColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Function has its arguments (names, types, defaults) and its result as PostgreSQL's
// pg_get_function_arguments and pg_get_function_result write them.
type Function struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
	Result    string `json:"result"`
}

// Expected returns the catalogue of a database that tasker-engine 0.1.0 made with both of
// its migrations.
func Expected() Catalog {
	return mustParseCatalog(catalogJSON)
}

// CatalogSQL reads a live database's catalogue through the current search path: one row
// with one text, for ParseCatalog.
func CatalogSQL() string {
	return strings.ReplaceAll(catalogSQL, "{{function_names}}", literals(functionNames()))
}

// ParseCatalog decodes the answer of CatalogSQL. It errs on text that is not such an answer.
func ParseCatalog(text []byte) (Catalog, error) {
	var catalog Catalog
	if err := json.Unmarshal(text, &catalog); err != nil {
		return Catalog{}, fmt.Errorf("the database's catalogue cannot be read: %w", err)
	}
	return catalog, nil
}

func mustParseCatalog(text []byte) Catalog {
	catalog, err := ParseCatalog(text)
	if err != nil {
		panic(fmt.Sprintf("schema: embedded catalog.json: %v", err))
	}
	return catalog
}

package schema

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind names one sort of difference; the text is what reports show.
type Kind string

// The kinds of difference between an expected and a live catalogue.
const (
	MissingTable      Kind = "missing_table"
	MissingColumn     Kind = "missing_column"
	ColumnType        Kind = "column_type"
	ColumnDefault     Kind = "column_default"
	ColumnNullability Kind = "column_nullability"
	MissingIndex      Kind = "missing_index"
	IndexDefinition   Kind = "index_definition"
	MissingConstraint Kind = "missing_constraint"
	ConstraintChanged Kind = "constraint_definition"
	MissingView       Kind = "missing_view"
	MissingViewColumn Kind = "missing_view_column"
	ViewColumnType    Kind = "view_column_type"
	MissingFunction   Kind = "missing_function"
	FunctionSignature Kind = "function_signature"
	// Extra is an addition of the application; it is harmless.
	Extra Kind = "extra"
)

// Difference is one point in which a live database is not as expected.
type Difference struct {
	Kind Kind
	// Object is the name: "tasker_tasks", "tasker_tasks.context", or that of an index,
	// constraint or function.
	Object string
	// Expected and Actual are types, defaults or definitions; empty if there is none.
	Expected string
	Actual   string
}

// Harmless tells whether the engine and the core work in spite of the difference.
func (d Difference) Harmless() bool { return d.Kind == Extra }

// String says the difference in one line.
func (d Difference) String() string {
	line := strings.ReplaceAll(string(d.Kind), "_", " ") + ": " + d.Object
	switch {
	case d.Expected != "" && d.Actual != "":
		return fmt.Sprintf("%s (expected %s, found %s)", line, d.Expected, d.Actual)
	case d.Expected != "":
		return fmt.Sprintf("%s (expected %s)", line, d.Expected)
	case d.Actual != "":
		return fmt.Sprintf("%s (found %s)", line, d.Actual)
	}
	return line
}

// Compare lists in which points actual is not as expected, ordered by object and kind. What
// actual has beyond expected is listed with the harmless kind Extra.
func Compare(expected, actual Catalog) []Difference {
	var found differences
	for name, table := range expected.Tables {
		found.compareTable(name, table, actual)
	}
	for name, columns := range expected.Views {
		found.compareView(name, columns, actual)
	}
	found.compareFunctions(expected.Functions, actual.Functions)
	found.addExtraRelations(expected, actual)
	slices.SortFunc(found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Kind, b.Kind))
	})
	return found
}

type differences []Difference

func (d *differences) add(kind Kind, object, expected, actual string) {
	*d = append(*d, Difference{Kind: kind, Object: object, Expected: expected, Actual: actual})
}

func (d *differences) compareTable(name string, expected Table, actual Catalog) {
	table, ok := actual.Tables[name]
	if !ok {
		d.add(MissingTable, name, "", "")
		return
	}
	d.compareColumns(name, expected.Columns, table.Columns)
	d.compareObjects(expected.Indexes, table.Indexes, MissingIndex, IndexDefinition)
	d.compareObjects(expected.Constraints, table.Constraints, MissingConstraint, ConstraintChanged)
}

func (d *differences) compareColumns(table string, expected, actual []Column) {
	live := byName(actual, func(column Column) string { return column.Name })
	for _, want := range expected {
		object := table + "." + want.Name
		have, ok := live[want.Name]
		delete(live, want.Name)
		if !ok {
			d.add(MissingColumn, object, want.Type, "")
			continue
		}
		d.compareColumn(object, want, have)
	}
	for name, column := range live {
		d.add(Extra, table+"."+name, "", column.Type)
	}
}

func (d *differences) compareColumn(object string, want, have Column) {
	if want.Type != have.Type {
		d.add(ColumnType, object, want.Type, have.Type)
	}
	if wanted, found := defaultText(want.Default), defaultText(have.Default); plain(wanted) != plain(found) {
		d.add(ColumnDefault, object, wanted, found)
	}
	if want.NotNull != have.NotNull {
		d.add(ColumnNullability, object, nullability(want.NotNull), nullability(have.NotNull))
	}
}

func (d *differences) compareObjects(expected, actual []Object, missing, changed Kind) {
	live := byName(actual, func(object Object) string { return object.Name })
	for _, want := range expected {
		have, ok := live[want.Name]
		delete(live, want.Name)
		switch {
		case !ok:
			d.add(missing, want.Name, want.Definition, "")
		case plain(want.Definition) != plain(have.Definition):
			d.add(changed, want.Name, want.Definition, have.Definition)
		}
	}
	for name, object := range live {
		d.add(Extra, name, "", object.Definition)
	}
}

func (d *differences) compareView(name string, expected []ViewColumn, actual Catalog) {
	columns, ok := actual.Views[name]
	if !ok {
		d.add(MissingView, name, "", "")
		return
	}
	live := byName(columns, func(column ViewColumn) string { return column.Name })
	for _, want := range expected {
		have, ok := live[want.Name]
		delete(live, want.Name)
		switch {
		case !ok:
			d.add(MissingViewColumn, name+"."+want.Name, want.Type, "")
		case want.Type != have.Type:
			d.add(ViewColumnType, name+"."+want.Name, want.Type, have.Type)
		}
	}
	for column, have := range live {
		d.add(Extra, name+"."+column, "", have.Type)
	}
}

// compareFunctions allows for overloads: one of the functions of a name has to have the
// expected arguments and result, the others are extra.
func (d *differences) compareFunctions(expected, actual []Function) {
	for _, want := range expected {
		var others []Function
		found := false
		for _, have := range actual {
			switch {
			case have == want:
				found = true
			case have.Name == want.Name:
				others = append(others, have)
			}
		}
		switch {
		case !found && len(others) == 0:
			d.add(MissingFunction, want.Name, want.declaration(), "")
		case !found:
			d.add(FunctionSignature, want.Name, want.declaration(), others[0].declaration())
			others = others[1:]
		}
		for _, other := range others {
			d.add(Extra, other.Name, "", other.declaration())
		}
	}
}

func (d *differences) addExtraRelations(expected, actual Catalog) {
	for name := range actual.Tables {
		if _, ok := expected.Tables[name]; !ok {
			d.add(Extra, name, "", "table")
		}
	}
	for name := range actual.Views {
		if _, ok := expected.Views[name]; !ok {
			d.add(Extra, name, "", "view")
		}
	}
}

func (f Function) declaration() string {
	return f.Name + "(" + f.Arguments + ") RETURNS " + f.Result
}

func byName[T any](items []T, name func(T) string) map[string]T {
	found := make(map[string]T, len(items))
	for _, item := range items {
		found[name(item)] = item
	}
	return found
}

func defaultText(expression *string) string {
	if expression == nil {
		return "none"
	}
	return *expression
}

func nullability(notNull bool) string {
	if notNull {
		return "NOT NULL"
	}
	return "NULL"
}

// PostgreSQL writes one and the same condition with other casts and parentheses once it
// has gone through a dump, so neither takes part in comparing definitions.
var noise = regexp.MustCompile(`::(text|character varying)(\[\])?|[()\s]`)

func plain(definition string) string {
	return noise.ReplaceAllString(definition, "")
}

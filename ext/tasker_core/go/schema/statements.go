package schema

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"strings"
)

//go:embed ddl
var ddl embed.FS

//go:embed sql/occupants.sql
var occupantsSQL string

// Statement is one SQL command of the installation.
type Statement struct {
	// Name says what the command makes, such as "table tasker_tasks".
	Name string
	// SQL is the command without parameters and without a closing semicolon.
	SQL string
}

// Names of tables are not qualified in the DDL: everything is made in the current schema.
var created = regexp.MustCompile(`(?m)^CREATE (?:UNIQUE )?(TABLE|INDEX|VIEW|FUNCTION) (\w+)`)

// Statements returns the commands that create the engine's database in an empty schema, in the
// order in which they have to run: tables with their indexes, the view, the nine functions. Run
// them in one transaction. They do not write to schema_migrations.
//
// The resulting catalogue equals that of the engine after its migrations 20250701165431 and
// 20250710110830; the functions follow readiness rules v02.
func Statements() []Statement {
	var statements []Statement
	for _, table := range readAll("ddl/tables") {
		statements = append(statements, split(table)...)
	}
	statements = append(statements, named(read("ddl/views/"+ViewName+".sql")))
	for _, signature := range FunctionSignatures() {
		statements = append(statements, named(functionSource(signature)))
	}
	return statements
}

// NonEmptySQL reads what in the current schema stands in the way of an installation: one
// row with one text, empty where nothing does, otherwise the things found, such as
// "function get_system_health_counts_v01, table tasker_tasks".
func NonEmptySQL() string {
	return strings.ReplaceAll(occupantsSQL, "{{function_names}}", literals(functionNames()))
}

func functionNames() []string {
	signatures := FunctionSignatures()
	names := make([]string, len(signatures))
	for i, signature := range signatures {
		names[i] = functionName(signature)
	}
	return names
}

func functionSource(signature string) string {
	return read("ddl/functions/" + functionName(signature) + ".sql")
}

// split cuts a file of tables and indexes at the semicolons that end a line; no literal
// or comment in those files has one there.
func split(file string) []Statement {
	var statements []Statement
	for command := range strings.SplitSeq(file, ";\n") {
		if strings.TrimSpace(command) != "" {
			statements = append(statements, named(command))
		}
	}
	return statements
}

func named(command string) Statement {
	found := created.FindStringSubmatch(command)
	if found == nil {
		panic(fmt.Sprintf("schema: the embedded DDL has a command that creates nothing: %.80s", command))
	}
	return Statement{
		Name: strings.ToLower(found[1]) + " " + found[2],
		SQL:  strings.TrimSuffix(strings.TrimSpace(command), ";"),
	}
}

// readAll reads the files of an embedded folder in alphabetical order.
func readAll(folder string) []string {
	entries, err := ddl.ReadDir(folder)
	if err != nil {
		panic(fmt.Sprintf("schema: embedded folder: %v", err))
	}
	files := make([]string, len(entries))
	for i, entry := range entries {
		files[i] = read(path.Join(folder, entry.Name()))
	}
	return files
}

func read(file string) string {
	text, err := ddl.ReadFile(file)
	if err != nil {
		panic(fmt.Sprintf("schema: embedded file: %v", err))
	}
	return string(text)
}

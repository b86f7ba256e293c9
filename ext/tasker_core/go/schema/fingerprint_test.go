package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/jcoletaylor/tasker_core/go/schema"
)

func TestInstalledFunctionsAreIdentifiedAsOurs(t *testing.T) {
	conn := installedDatabase(t)
	found := readFingerprints(t, conn)
	require.Len(t, found.Functions, 9)
	for _, signature := range schema.FunctionSignatures() {
		body := found.Functions[signature]
		require.NotNil(t, body, signature)
		version, known := schema.Identify(signature, *body)
		assert.True(t, known, signature)
		assert.Equal(t, schema.Version{Origin: schema.Core, Rules: rulesOf(signature)}, version)
	}
	require.NotNil(t, found.View)
	version, known := schema.IdentifyView(*found.View)
	assert.True(t, known, *found.View)
	assert.Equal(t, schema.Version{Origin: schema.Core, Rules: 1}, version)
}

func TestWhiteSpaceDoesNotHideAFunctionButAChangeDoes(t *testing.T) {
	conn := installedDatabase(t)
	source := readText(t, conn,
		fmt.Sprintf("SELECT pg_get_functiondef('%s'::regprocedure)", schema.DependencyLevelsFunction))

	exec(t, conn, strings.ReplaceAll(source, "\n", "  \r\n\t"))
	_, known := schema.Identify(schema.DependencyLevelsFunction,
		*readFingerprints(t, conn).Functions[schema.DependencyLevelsFunction])
	assert.True(t, known)

	exec(t, conn, strings.ReplaceAll(source, "max(reached.level)", "min(reached.level)"))
	_, known = schema.Identify(schema.DependencyLevelsFunction,
		*readFingerprints(t, conn).Functions[schema.DependencyLevelsFunction])
	assert.False(t, known)
}

func TestAViewOfTheApplicationIsUnknown(t *testing.T) {
	conn := installedDatabase(t)
	exec(t, conn, "DROP VIEW "+schema.ViewName)
	assert.Nil(t, readFingerprints(t, conn).View)

	exec(t, conn, "CREATE VIEW "+schema.ViewName+" AS SELECT * FROM tasker_workflow_steps")
	view := readFingerprints(t, conn).View
	require.NotNil(t, view)
	_, known := schema.IdentifyView(*view)
	assert.False(t, known)
}

func TestFingerprintsFollowTheSearchPath(t *testing.T) {
	conn := emptyDatabase(t)
	exec(t, conn, "CREATE SCHEMA tenant")
	exec(t, conn, "SET search_path TO tenant")
	install(t, conn)
	assert.NotNil(t, readFingerprints(t, conn).Functions[schema.ReadinessFunction])

	exec(t, conn, "SET search_path TO public")
	found := readFingerprints(t, conn)
	assert.Len(t, found.Functions, 9)
	assert.Nil(t, found.Functions[schema.ReadinessFunction])
	assert.Nil(t, found.View)
}

// The hashes were read from databases into which the engine's own files were installed.
func TestBothReadinessVersionsOfTheEngineAreToldApart(t *testing.T) {
	cases := []struct {
		signature, body, version string
	}{
		{schema.ReadinessFunction, "4551fd7aa6282e54e95a5e700f48a840", "tasker-engine v01"},
		{schema.ReadinessFunction, "88e37fb50ff13f1feedf5dafe3cf6659", "tasker-engine v02"},
		{schema.ReadinessBatchFunction, "bae4a20ed9004dcde49d767779e37a6f", "tasker-engine v01"},
		{schema.ReadinessBatchFunction, "199126e001ab944e3378d833e9b4bde2", "tasker-engine v02"},
	}
	for _, one := range cases {
		version, known := schema.Identify(one.signature, one.body)
		assert.True(t, known)
		assert.Equal(t, one.version, fmt.Sprintf("%s v%02d", version.Origin, version.Rules))
	}
	_, known := schema.Identify(schema.ContextFunction, "4551fd7aa6282e54e95a5e700f48a840")
	assert.False(t, known, "a body is known for its own function only")
	_, known = schema.Identify("no_such_function()", "")
	assert.False(t, known)
}

func TestTheTwoReadinessFunctionsDifferInTheirFilterOnly(t *testing.T) {
	single, batch := body(t, "get_step_readiness_status"), body(t, "get_step_readiness_status_batch")
	before, after, _ := strings.Cut(single, "step.task_id = input_task_id\n"+
		"        AND (step_ids IS NULL OR step.workflow_step_id = ANY (step_ids))")
	assert.Equal(t, before+"step.task_id = ANY (input_task_ids)"+after, batch)
}

func TestTextThatIsNoFingerprintIsRefused(t *testing.T) {
	_, err := schema.ParseFingerprints([]byte(`[]`))
	assert.ErrorContains(t, err, "fingerprints")
}

func body(t *testing.T, function string) string {
	t.Helper()
	for _, statement := range schema.Statements() {
		if statement.Name == "function "+function {
			_, text, found := strings.Cut(statement.SQL, "AS $tasker_core$")
			require.True(t, found)
			return text
		}
	}
	require.Fail(t, "no statement makes the function", function)
	return ""
}

func rulesOf(signature string) int {
	if strings.HasPrefix(signature, "get_step_readiness_status") {
		return 2
	}
	return 1
}

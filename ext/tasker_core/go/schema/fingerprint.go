package schema

import (
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

//go:embed sql/fingerprints.sql
var fingerprintsSQL string

// Origin says whose text a function or view has.
type Origin string

// The origins that are known.
const (
	Engine Origin = "tasker-engine"
	Core   Origin = "tasker_core"
)

// Version tells which rules a function follows and whose text it is.
type Version struct {
	Origin Origin
	// Rules is the engine's number: 1 or 2 for the readiness functions, 1 for all others.
	Rules int
}

// Fingerprints are what a database has for the nine functions and the view.
type Fingerprints struct {
	// Functions maps each signature of FunctionSignatures to the hash of the function's
	// body, nil where the search path shows no such function.
	Functions map[string]*string `json:"functions"`
	// View is the view's definition as PostgreSQL writes it, nil where there is no view.
	View *string `json:"view"`
}

// FingerprintSQL reads the fingerprints of the functions and the view that the current
// search path shows: one row with one text, for ParseFingerprints.
func FingerprintSQL() string {
	signatures := FunctionSignatures()
	return strings.NewReplacer(
		"{{signatures}}", "('"+strings.Join(signatures, "'), ('")+"')",
		"{{view}}", ViewName,
	).Replace(fingerprintsSQL)
}

// ParseFingerprints decodes the answer of FingerprintSQL. It errs on text that is not such
// an answer.
func ParseFingerprints(text []byte) (Fingerprints, error) {
	var found Fingerprints
	if err := json.Unmarshal(text, &found); err != nil {
		return Fingerprints{}, fmt.Errorf("the fingerprints of the database's functions cannot be read: %w", err)
	}
	return found, nil
}

// Identify finds the version of a function by the hash of its body, from FingerprintSQL. An unknown
// body (false) means: do not replace this function.
func Identify(signature, bodyMD5 string) (Version, bool) {
	version, known := bodies[signature][bodyMD5]
	return version, known
}

// IdentifyView tells the version of the view by its definition.
func IdentifyView(definition string) (Version, bool) {
	version, known := viewDefinitions[hash(essence(definition))]
	return version, known
}

// bodies has the hash of every text of the functions that tasker-engine 0.1.0 installs:
// its db/init/schema.sql and db/functions differ from one another in white space alone,
// save for the two versions of readiness. Our own are computed from the embedded DDL.
var bodies = withOwnBodies(map[string]map[string]Version{
	ReadinessFunction: {
		"4551fd7aa6282e54e95a5e700f48a840": {Engine, 1},
		"88e37fb50ff13f1feedf5dafe3cf6659": {Engine, 2},
	},
	ReadinessBatchFunction: {
		"bae4a20ed9004dcde49d767779e37a6f": {Engine, 1},
		"199126e001ab944e3378d833e9b4bde2": {Engine, 2},
	},
	ContextFunction:          {"b7188180a7eb6de838a2deb0a0854a3a": {Engine, 1}},
	ContextBatchFunction:     {"706874ec3e93bcf1fef3c658b0588299": {Engine, 1}},
	DependencyLevelsFunction: {"8fca58c2c98c2efc29585a56bbb34685": {Engine, 1}},
	SystemHealthFunction:     {"19be96a4ef099219fbdb06bc3b9c6308": {Engine, 1}},
	AnalyticsMetricsFunction: {"c84e87d77ad2cb78f397c1f83e5a0d2a": {Engine, 1}},
	SlowestStepsFunction:     {"015fa93a0eda75fbce6c6fea03fc77b0": {Engine, 1}},
	SlowestTasksFunction:     {"7373caa022619261401bf4371ab8e2c6": {Engine, 1}},
})

// viewDefinitions has the hash of the essence of the definitions that PostgreSQL stores:
// they cannot be computed from the DDL, since it rewrites a view when it stores it.
var viewDefinitions = map[string]Version{
	"3f151ac89537db7fae26103f039cf4e6": {Engine, 1},
	"8cf3331f807cdfd5983ad30c6b20de42": {Core, 1},
}

func withOwnBodies(known map[string]map[string]Version) map[string]map[string]Version {
	for _, signature := range FunctionSignatures() {
		rules := 1
		if signature == ReadinessFunction || signature == ReadinessBatchFunction {
			rules = 2
		}
		known[signature][hash(ownBody(signature))] = Version{Core, rules}
	}
	return known
}

// ownBody cuts the body out of our CREATE FUNCTION and normalises its white space as
// FingerprintSQL does in the database.
func ownBody(signature string) string {
	const quote = "$tasker_core$"
	_, rest, _ := strings.Cut(functionSource(signature), quote)
	body, _, closed := strings.Cut(rest, quote)
	if !closed {
		panic("schema: the embedded DDL of " + signature + " has no body between " + quote)
	}
	return strings.Join(strings.Fields(body), " ")
}

// The versions of PostgreSQL differ in how much they qualify, parenthesise, cast and
// indent when they write a view's definition.
var viewNoise = regexp.MustCompile(`\b\w+\.|::\w+|[()\s;]`)

func essence(definition string) string {
	return viewNoise.ReplaceAllString(strings.ToLower(definition), "")
}

// hash is MD5 because PostgreSQL 13 has it built in; nothing here is a secret or a proof.
func hash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

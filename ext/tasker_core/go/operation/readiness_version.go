package operation

import (
	"context"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/jcoletaylor/tasker_core/go/schema"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// UnknownFunctionError is a database function whose body is neither the engine's nor tasker_core's:
// its rules were changed, so the core must not replace it.
type UnknownFunctionError struct {
	Function string
	BodyMD5  string
}

func (e *UnknownFunctionError) Error() string {
	return "the body of " + e.Function + " in this database is unknown (MD5 " + e.BodyMD5 +
		"): it was changed, or comes from a newer engine; the core does not replace it"
}

// ReadinessVersion tells which rules of readiness the database follows, by the
// bodies of its functions. A database without the functions gets the newest.
func ReadinessVersion(ctx context.Context, driver store.Driver) (readiness.Version, error) {
	found, err := fingerprints(ctx, driver)
	if err != nil {
		return 0, err
	}
	for _, signature := range []string{schema.ReadinessBatchFunction, schema.ContextFunction, schema.ContextBatchFunction} {
		if _, err := identify(found, signature); err != nil {
			return 0, err
		}
	}
	version, err := identify(found, schema.ReadinessFunction)
	if err != nil || version == nil {
		return readiness.V02, err
	}
	return readiness.Version(version.Rules), nil
}

// Fingerprints is the statement that tells the bodies of the database's functions.
var Fingerprints = store.Statement{Name: "function_fingerprints", SQL: schema.FingerprintSQL()}

func fingerprints(ctx context.Context, driver store.Driver) (schema.Fingerprints, error) {
	rows, err := driver.Query(ctx, Fingerprints)
	if err != nil {
		return schema.Fingerprints{}, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] == nil {
		return schema.Fingerprints{}, &store.FormatError{Want: "one text", Got: "something else"}
	}
	return schema.ParseFingerprints([]byte(*rows[0][0]))
}

// identify gives the version of a function, nil where the database has none.
func identify(found schema.Fingerprints, signature string) (*schema.Version, error) {
	body := found.Functions[signature]
	if body == nil {
		return nil, nil
	}
	version, known := schema.Identify(signature, *body)
	if !known {
		return nil, &UnknownFunctionError{Function: signature, BodyMD5: *body}
	}
	return &version, nil
}

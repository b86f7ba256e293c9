package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/jcoletaylor/tasker_core/go/creation"
	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/drawing"
	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
)

// Code names a kind of error. Codes are stable: bindings map them to classes.
type Code string

// The codes.
const (
	// CodeMalformedRequest: the bytes are not a request. A fault of the binding.
	CodeMalformedRequest Code = "malformed_request"
	// CodeUnknownOperation: this core has no operation of that name.
	CodeUnknownOperation Code = "unknown_operation"
	// CodeInvalidArgument: an argument is missing or has the wrong type or value.
	CodeInvalidArgument Code = "invalid_argument"
	// CodeConfiguration: a setting of the core has a value that it cannot have.
	CodeConfiguration Code = "configuration"
	// CodeCycle: the steps of a task depend on each other in a circle.
	CodeCycle Code = "cycle"
	// CodeNotFound: no such task or step.
	CodeNotFound Code = "not_found"
	// CodeDuplicate: another task has the identity that a new one would have.
	CodeDuplicate Code = "duplicate"
	// CodeSchemaNotEmpty: install_schema found tables of the engine.
	CodeSchemaNotEmpty Code = "schema_not_empty"
	// CodeSchemaMissing: a table, column or function of the engine is not there.
	CodeSchemaMissing Code = "schema_missing"
	// CodeConflict: another process wrote at the same time; the transaction has to
	// be rolled back.
	CodeConflict Code = "conflict"
	// CodeSession: a session is not open, or too many are.
	CodeSession Code = "session"
	// CodeUnknownFunction: the body of a function that the core stands in for is
	// neither the engine's nor ours.
	CodeUnknownFunction Code = "unknown_function"
	// CodeDatabase: the database refused a statement or could not be reached.
	CodeDatabase Code = "database"
	// CodeMalformedAnswer: the answer of a statement is not what it promises.
	CodeMalformedAnswer Code = "malformed_answer"
	// CodeCancelled: the caller cancelled the call.
	CodeCancelled Code = "cancelled"
	// CodeTimeout: a deadline passed.
	CodeTimeout Code = "timeout"
	// CodeInternal: a fault of the core.
	CodeInternal Code = "internal"
	// CodePoisoned: a fault of the core happened before, it does not go on.
	CodePoisoned Code = "poisoned"
)

// Error is an error as it crosses the boundary.
type Error struct {
	Code      Code           `msgpack:"code"`
	Message   string         `msgpack:"message"`
	SQLState  string         `msgpack:"sqlstate"`
	Retryable bool           `msgpack:"retryable"`
	Details   map[string]any `msgpack:"details"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an error with a code.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// FromError gives any error its code.
func FromError(err error) *Error {
	var (
		coded    *Error
		database *store.Error
		format   *store.FormatError
		cycle    *dag.CycleError
		unknown  *operation.UnknownFunctionError
		notEmpty *operation.SchemaNotEmptyError
		missing  *operation.MissingError
		session  *operation.SessionError
		unpaired *store.UnpairedError
		large    *drawing.TooLargeError
		name     *event.NameError
		strange  *operation.StrangeStepError
		wrong    *creation.ValueError
		circle   *creation.CircleError
		same     *operation.SameTaskError
		gone     *operation.DefinitionsGoneError
	)
	switch {
	case errors.As(err, &coded):
		return coded
	case errors.As(err, &cycle):
		return &Error{Code: CodeCycle, Message: err.Error(), Details: map[string]any{"path": cycle.Path}}
	case errors.As(err, &unknown):
		return &Error{Code: CodeUnknownFunction, Message: err.Error(), Details: map[string]any{"function": unknown.Function}}
	case errors.As(err, &large):
		return &Error{Code: CodeInvalidArgument, Message: err.Error()}
	case errors.As(err, &session):
		return &Error{Code: CodeSession, Message: err.Error()}
	case errors.As(err, &missing):
		return &Error{Code: CodeNotFound, Message: err.Error(), Details: map[string]any{missing.Machine.String() + "_id": missing.ID}}
	case errors.As(err, &unpaired):
		return &Error{Code: CodeConflict, Message: err.Error(), Retryable: true}
	case errors.As(err, &strange):
		return &Error{Code: CodeInvalidArgument, Message: err.Error()}
	case errors.As(err, &wrong):
		return &Error{Code: CodeInvalidArgument, Message: err.Error(), Details: map[string]any{"argument": wrong.Argument}}
	case errors.As(err, &circle):
		return &Error{Code: CodeCycle, Message: err.Error(), Details: map[string]any{"path": circle.Path}}
	case errors.As(err, &same):
		return &Error{Code: CodeDuplicate, Message: err.Error(), Details: sameTask(same)}
	case errors.As(err, &gone):
		return &Error{Code: CodeConflict, Message: err.Error(), Retryable: true}
	case errors.As(err, &name):
		return &Error{Code: CodeInvalidArgument, Message: err.Error()}
	case errors.As(err, &notEmpty):
		return &Error{Code: CodeSchemaNotEmpty, Message: err.Error(), Details: map[string]any{"found": notEmpty.Found}}
	case errors.As(err, &database):
		return fromDatabase(database, err)
	case errors.As(err, &format):
		return &Error{Code: CodeMalformedAnswer, Message: err.Error()}
	case errors.Is(err, context.Canceled):
		return &Error{Code: CodeCancelled, Message: err.Error(), Retryable: true}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: CodeTimeout, Message: err.Error(), Retryable: true}
	}
	return &Error{Code: CodeInternal, Message: err.Error()}
}

func fromDatabase(database *store.Error, err error) *Error {
	code, message := CodeDatabase, err.Error()
	if database.SchemaMissing() {
		code = CodeSchemaMissing
		message += "; a part of the engine's schema is not in this database, or not on its search_path: " +
			"run the engine's migrations, or install_schema"
	}
	return &Error{Code: code, Message: message, SQLState: database.SQLState, Retryable: database.Retryable()}
}

func sameTask(same *operation.SameTaskError) map[string]any {
	details := map[string]any{"identity_hash": same.Identity}
	if same.TaskID.Valid {
		details["task_id"] = same.TaskID.Value
	}
	return details
}

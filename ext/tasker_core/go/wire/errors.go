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

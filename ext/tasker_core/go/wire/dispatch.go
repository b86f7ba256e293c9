package wire

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/host"
)

// call is what an entry of the operations table gets.
type call struct {
	ctx    context.Context
	core   *operation.Core
	driver store.Driver
	notes  *notes
}

// handler runs one operation on decoded arguments and gives the reply's value.
type handler func(c call, arguments msgpack.RawMessage) (any, error)

// entry is a row of the operations table.
type entry struct {
	run handler
	// arguments is the struct that the arguments are decoded into.
	arguments reflect.Type
}

// handle makes an entry of the table: it decodes the arguments into A, refusing
// names that A does not have.
func handle[A any](run func(c call, arguments A) (any, error)) entry {
	decoded := func(c call, raw msgpack.RawMessage) (any, error) {
		var arguments A
		if err := decodeArguments(raw, &arguments); err != nil {
			return nil, err
		}
		return run(c, arguments)
	}
	return entry{run: decoded, arguments: reflect.TypeFor[A]()}
}

// Operations lists the names of all operations in order.
func Operations() []string { return slices.Sorted(maps.Keys(operations)) }

// Dispatch runs a request, on the core's own connections if it has any and otherwise on the
// caller's, and returns the reply: a value, a statement for the caller to run, or an error.
func Dispatch(ctx context.Context, core *operation.Core, data []byte) []byte {
	reply, err := dispatch(ctx, core, data)
	if err != nil {
		return EncodeError(err)
	}
	return reply
}

func dispatch(ctx context.Context, core *operation.Core, data []byte) ([]byte, error) {
	began := time.Now()
	request, err := DecodeRequest(data)
	if err != nil {
		return nil, err
	}
	asked, ok := operations[request.Operation]
	if !ok {
		return nil, Errorf(CodeUnknownOperation, "unknown operation %q", request.Operation)
	}
	run := asked.run
	if writes[request.Operation] {
		run = inTransaction(run)
	}
	notes := &notes{core: core, request: request, began: began}
	if shares[request.Operation] {
		return answer(ctx, core, run, notes)
	}
	return contained(ctx, core, run, notes)
}

// shares are the operations that change what all calls use, the bus and the catalogue. A
// panic in one of them goes up to the exported functions, which refuse every later call.
var shares = map[string]bool{"publish_events": true, "register_event": true, "subscribe": true, "unsubscribe": true}

// contained answers a request whose panic is an error of that request alone. A session
// that it used may be half changed, and is closed.
func contained(ctx context.Context, core *operation.Core, run handler, notes *notes) (reply []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fault.Caught(cause)
			notes.closeSession()
			notes.ended(err)
		}
	}()
	return answer(ctx, core, run, notes)
}

func answer(ctx context.Context, core *operation.Core, run handler, notes *notes) ([]byte, error) {
	if core.Pool != nil {
		return onPool(ctx, core, run, notes)
	}
	return onHost(ctx, core, run, notes)
}

// onPool runs an operation to its end on the core's own connections.
func onPool(ctx context.Context, core *operation.Core, run handler, notes *notes) ([]byte, error) {
	ctx, changes := operation.NoteChanges(ctx)
	ctx, end := notes.span(ctx)
	driver := core.Relaying(core.Observer.Watch(notes, core.Pool), changes)
	value, err := run(call{ctx: ctx, core: core, driver: driver, notes: notes}, notes.request.Arguments)
	end(err)
	notes.ended(err)
	if err != nil {
		return nil, err
	}
	core.Announce(ctx, changes)
	return EncodeValue(value)
}

// onHost runs an operation as far as the host's answers reach.
func onHost(ctx context.Context, core *operation.Core, run handler, notes *notes) ([]byte, error) {
	answers := notes.request.Answers
	notes.answered(answers)
	driver := host.New(answers)
	value, err := run(call{ctx: ctx, core: core, driver: driver, notes: notes}, notes.request.Arguments)
	if errors.Is(err, host.ErrParked) {
		return EncodeStatement(driver.Pending())
	}
	notes.ended(err)
	if err != nil {
		return nil, err
	}
	return EncodeValue(value)
}

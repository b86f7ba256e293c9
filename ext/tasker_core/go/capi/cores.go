package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/fault"
	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
	"github.com/jcoletaylor/tasker_core/go/wire"
)

// cores maps handles to opened cores.
var cores sync.Map

var lastHandle atomic.Uint64

// open shares nothing with other cores before it ends, so that a fault is its own.
func open(data []byte) (handle uint64, err error) {
	defer fault.Recover(&err)
	if reason := poison.Load(); reason != nil {
		return 0, poisoned(*reason)
	}
	settings, err := config.Decode(data)
	if err != nil {
		return 0, wire.Errorf(wire.CodeConfiguration, "%v", err)
	}
	tuneRuntime(settings)
	log := telemetry.NewLog(settings)
	core, err := operation.NewCore(settings, log)
	if err != nil {
		log.Close()
		return 0, wire.Errorf(wire.CodeConfiguration, "%v", err)
	}
	handle = lastHandle.Add(1)
	cores.Store(handle, core)
	return handle, nil
}

// gcPercent lets the heap grow to five times what is alive before it is collected.
// Calls leave garbage and little else, so that is a few megabytes and spares most
// collections. GOGC in the environment wins.
const gcPercent = 400

func tuneRuntime(settings config.Config) {
	if settings.MaxProcs > 0 {
		runtime.GOMAXPROCS(min(settings.MaxProcs, runtime.NumCPU()))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

func closeCore(handle uint64) {
	if core, ok := cores.LoadAndDelete(handle); ok {
		core.(*operation.Core).Close()
	}
}

func call(ctx context.Context, handle uint64, request []byte) []byte {
	if reason := poison.Load(); reason != nil {
		return wire.EncodeError(poisoned(*reason))
	}
	core, ok := cores.Load(handle)
	if !ok {
		return wire.EncodeError(wire.Errorf(wire.CodeInvalidArgument, "core %d is not open; it was closed, or never opened", handle))
	}
	return wire.Dispatch(ctx, core.(*operation.Core), request)
}

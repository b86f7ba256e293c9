package operation

import (
	"github.com/jcoletaylor/tasker_core/go/config"
	"github.com/jcoletaylor/tasker_core/go/event"
	"github.com/jcoletaylor/tasker_core/go/store"
	"github.com/jcoletaylor/tasker_core/go/store/pool"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// Core is what operations of one opened core share.
type Core struct {
	Config config.Config
	Log    *telemetry.Log
	// Tracer sends spans; nil where tracing is off.
	Tracer *telemetry.Tracer
	// Stats count operations and statements.
	Stats *telemetry.Stats
	// Observer sees the statements.
	Observer telemetry.Observer
	// Pool holds the core's own connections; it is nil if the host runs the statements on its
	// connection.
	Pool *pool.Pool
	// Bus carries the events of this core.
	Bus *event.Bus
	// Relay carries them between processes, where the settings ask for it.
	Relay *Relay
	// Sessions are the task runs that are open.
	Sessions *Sessions
	// Catalog knows the events, those that the application registered among them.
	Catalog *event.Catalog

	stepNames *nameMemory
	taskNames *nameMemory
}

// NewCore gives a core with these settings. A database_url that cannot be used is
// an error; whether a server answers there shows at the first operation.
func NewCore(settings config.Config, log *telemetry.Log) (core *Core, err error) {
	core = &Core{Config: settings, Log: log, Bus: event.NewBus(), Sessions: newSessions(settings.MaxSessions),
		Catalog: event.NewCatalog(), Stats: &telemetry.Stats{},
		stepNames: newNameMemory(store.StepNames), taskNames: newNameMemory(store.TaskNames)}
	core.Tracer = telemetry.NewTracer(settings.Telemetry, log.Logger)
	core.Observer = telemetry.Observer{Tracer: core.Tracer, Stats: core.Stats, Log: log.Logger, Slow: settings.SlowStatement()}
	defer func() {
		if err != nil {
			core.Tracer.Close()
		}
	}()
	if settings.DatabaseURL != "" {
		core.Pool, err = pool.New(pool.Settings{
			DatabaseURL:     settings.DatabaseURL.Reveal(),
			MaxConnections:  settings.PoolMaxConnections,
			ExecMode:        settings.PoolExecMode,
			AcquireTimeout:  settings.AcquireTimeout(),
			ApplicationName: settings.ApplicationName,
		})
		if err != nil {
			return core, err
		}
	}
	core.Relay, err = newRelay(settings, core.Pool, core.Bus, log.Logger)
	return core, err
}

// Close ends what the core holds.
func (c *Core) Close() {
	c.Relay.Close()
	c.Bus.Close()
	if c.Pool != nil {
		c.Pool.Close()
	}
	c.Tracer.Close()
	c.Log.Close()
}

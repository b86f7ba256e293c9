package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// Subject tells whom a call concerns: the fields of its log lines. It is asked only
// where a line is written.
type Subject interface{ About() []zap.Field }

// Observer sees the statements of a core.
type Observer struct {
	Tracer *Tracer
	Stats  *Stats
	Log    *zap.Logger
	// Slow is how long a statement may take before it is logged; 0 logs none.
	Slow time.Duration
}

// Statement notes a statement that was run.
func (o *Observer) Statement(subject Subject, name string, err error, d time.Duration) {
	o.Stats.Statement(name, err != nil, d)
	if o.Slow > 0 && d >= o.Slow && o.Log.Core().Enabled(zap.WarnLevel) {
		o.Log.Warn("slow statement", append(subject.About(), zap.String("statement", name), Milliseconds(d))...)
	}
}

// Milliseconds is the field of a duration, as the engine names it.
func Milliseconds(d time.Duration) zap.Field {
	return zap.Float64("duration_ms", float64(d.Microseconds())/1000)
}

// Watch gives a driver whose statements are measured as they run.
func (o *Observer) Watch(subject Subject, driver store.Transactor) store.Transactor {
	return watchedTransactor{watched{driver, o, subject}, driver}
}

type watched struct {
	store.Driver
	observer *Observer
	subject  Subject
}

// Query runs a statement and measures it.
func (w watched) Query(ctx context.Context, statement store.Statement) (rows store.Rows, err error) {
	began := time.Now()
	ctx, end := w.observer.Tracer.Start(ctx, statement.Name, trace.SpanKindClient)
	rows, err = w.Driver.Query(ctx, statement)
	end(err, attribute.String("db.system.name", "postgresql"), attribute.String("db.query.summary", statement.Name))
	w.observer.Statement(w.subject, statement.Name, err, time.Since(began))
	return rows, err
}

type watchedTransactor struct {
	watched
	transactor store.Transactor
}

// WithTransaction measures the statements inside as well.
func (w watchedTransactor) WithTransaction(ctx context.Context, do func(store.Driver) error) error {
	return w.transactor.WithTransaction(ctx, func(driver store.Driver) error { return do(watched{driver, w.observer, w.subject}) })
}

package wire

import (
	"cmp"
	"context"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/operation"
	"github.com/jcoletaylor/tasker_core/go/store/host"
	"github.com/jcoletaylor/tasker_core/go/telemetry"
)

// notes are the records of one request: counts, log lines and, if the core has its own connections,
// spans.
type notes struct {
	core    *operation.Core
	request *Request
	began   time.Time
}

// span begins the operation's span, below the caller's.
func (n *notes) span(ctx context.Context) (context.Context, func(error)) {
	if n.core.Tracer == nil {
		return ctx, func(error) {}
	}
	ctx, end := n.core.Tracer.Start(telemetry.WithParent(ctx, n.request.Origin.Traceparent), "tasker_core."+n.request.Operation, trace.SpanKindInternal)
	return ctx, func(err error) {
		if !trace.SpanFromContext(ctx).IsRecording() {
			return
		}
		attributes := []attribute.KeyValue{}
		for _, field := range n.About() {
			if field.Type == zapcore.Int64Type {
				attributes = append(attributes, attribute.Int64("tasker."+field.Key, field.Integer))
			}
		}
		if n.request.Origin.CorrelationID != "" {
			attributes = append(attributes, attribute.String("tasker.correlation_id", n.request.Origin.CorrelationID))
		}
		end(err, attributes...)
	}
}

// answered notes the last of the host's answers: the others were noted before.
func (n *notes) answered(answers []host.Answer) {
	if len(answers) == 0 {
		return
	}
	last := answers[len(answers)-1]
	var err error
	if last.Failure != nil {
		err = last.Failure
	}
	n.core.Observer.Statement(n, last.Statement, err, last.Elapsed)
}

// ended notes the end of the operation. Of one whose statements the host ran, the
// time is that of its last stretch and of its statements.
func (n *notes) ended(err error) {
	took := time.Since(n.began)
	for i := range n.request.Answers {
		took += n.request.Answers[i].Elapsed
	}
	if err == nil {
		n.core.Stats.Operation(n.request.Operation, "", took)
		n.detail(took)
		return
	}
	failure := FromError(err)
	n.core.Stats.Operation(n.request.Operation, string(failure.Code), took)
	n.line(n.level(failure), "operation failed", zap.String("code", string(failure.Code)),
		zap.String("sqlstate", failure.SQLState), zap.String("error", failure.Message))
}

// rows are the operations whose arguments are rows without keys: no filter by key can be
// applied to them.
var rows = map[string]bool{"publish_events": true, "record_spans": true}

// detail logs an operation that went well, with its arguments where the host's filter
// can be applied to them.
func (n *notes) detail(took time.Duration) {
	if !n.core.Log.Core().Enabled(zap.DebugLevel) {
		return
	}
	fields := []zap.Field{telemetry.Milliseconds(took)}
	var arguments map[string]any
	if !n.core.Log.Opaque && !rows[n.request.Operation] && msgpack.Unmarshal(n.request.Arguments, &arguments) == nil {
		fields = append(fields, zap.Reflect("arguments", arguments))
	}
	n.line(zap.DebugLevel, "operation ended", fields...)
}

// line logs something about the request.
func (n *notes) line(level zapcore.Level, message string, fields ...zap.Field) {
	if line := n.core.Log.Check(level, message); line != nil {
		line.Write(append(n.About(), fields...)...)
	}
}

// level is the log level of a failure: its caller knows it already, so the line would be its second
// message.
func (n *notes) level(failure *Error) zapcore.Level {
	if failure.Code == CodeCancelled {
		return zap.DebugLevel
	}
	return zap.InfoLevel
}

// warning is the level of messages that an operator has to see. A host whose own connection the
// core uses knows already, and reports it itself.
func (n *notes) warning() zapcore.Level {
	if n.core.Pool == nil {
		return zap.InfoLevel
	}
	return zap.WarnLevel
}

// closeSession closes the session of a request that panicked in the middle of it.
func (n *notes) closeSession() {
	var s subject
	// What does not decode named no session.
	_ = msgpack.Unmarshal(n.request.Arguments, &s)
	if s.Session != nil {
		n.core.Sessions.Close(*s.Session)
	}
}

// subject is whom a request concerns.
type subject struct {
	TaskID  *int64 `msgpack:"task_id"`
	StepID  *int64 `msgpack:"step_id"`
	Session *int64 `msgpack:"session"`
}

// About are the fields of every line about the request, named as the engine's
// structured logging names them.
func (n *notes) About() []zap.Field {
	var s subject
	// Arguments that do not decode are the operation's to refuse.
	_ = msgpack.Unmarshal(n.request.Arguments, &s)
	correlationID := n.request.Origin.CorrelationID
	if s.Session != nil {
		// Steps are executed on threads with their own correlation ids.
		if taskID, of, open := n.core.Sessions.About(*s.Session); open {
			s.TaskID, correlationID = &taskID, cmp.Or(of, correlationID)
		}
	}
	fields := []zap.Field{zap.String("operation", n.request.Operation)}
	if correlationID != "" {
		fields = append(fields, zap.String("correlation_id", correlationID))
	}
	if s.TaskID != nil {
		fields = append(fields, zap.Int64("task_id", *s.TaskID))
	}
	if s.StepID != nil {
		fields = append(fields, zap.Int64("step_id", *s.StepID))
	}
	return fields
}

// Package telemetry contains the core's traces, logs and metrics.
package telemetry

import (
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// Log is the core's logger with what is behind it.
type Log struct {
	*zap.Logger
	// Lines are the lines that wait for the host, if they go to it; otherwise nil.
	Lines *Lines
	// Opaque tells that the host hides values by rules which the core cannot apply:
	// arguments of operations are not logged then.
	Opaque bool
	file   io.Closer
}

// NewLog returns the core's log, at the destination of the settings, or on standard error if that
// cannot be opened, which does not fail the core. With level "off" it drops everything.
func NewLog(c config.Config) *Log {
	if c.LogLevel == "off" {
		return &Log{Logger: zap.NewNop()}
	}
	level, err := zapcore.ParseLevel(c.LogLevel)
	if err != nil {
		level = zapcore.WarnLevel
	}
	filter := newFilter(c.LogFilter)
	log := &Log{Opaque: filter.opaque}
	core, err := log.destination(c, level)
	log.Logger = zap.New(filtered{core, filter}).Named("tasker_core").With(zap.Int("process_id", os.Getpid()))
	if err != nil {
		log.Warn("log_destination cannot be used, so lines go to standard error", zap.Error(err))
	}
	return log
}

// destination gives standard error beside an error.
func (l *Log) destination(c config.Config, level zapcore.Level) (zapcore.Core, error) {
	to := zapcore.WriteSyncer(os.Stderr)
	var err error
	switch c.LogDestination {
	case "stderr":
	case "queue":
		if l.Lines, err = newLines(); err == nil {
			return lineCore{level, encoder(c.LogFormat), l.Lines}, nil
		}
	default:
		var file *os.File
		if file, err = os.OpenFile(c.LogDestination, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640); err == nil {
			to, l.file = file, file
		}
	}
	return zapcore.NewCore(encoder(c.LogFormat), zapcore.Lock(to), level), err
}

// encoder names the fields as the engine's structured logging does.
func encoder(format string) zapcore.Encoder {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.ISO8601TimeEncoder
	encoding.TimeKey, encoding.MessageKey, encoding.NameKey = "timestamp", "message", "component"
	if format == "console" {
		return zapcore.NewConsoleEncoder(encoding)
	}
	return zapcore.NewJSONEncoder(encoding)
}

// Close ends the log. Lines that wait for the host can still be taken.
func (l *Log) Close() {
	// Syncing standard error fails on terminals; there is no place to report it.
	_ = l.Sync()
	if l.Lines != nil {
		l.Lines.Close()
	}
	if l.file != nil {
		_ = l.file.Close()
	}
}

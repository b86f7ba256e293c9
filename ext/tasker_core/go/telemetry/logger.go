// Package telemetry is what the core tells about itself: traces, logs and metrics.
package telemetry

import (
	"fmt"
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// Log is the core's logger with what is behind it.
type Log struct {
	*zap.Logger
	// Lines are the lines that wait for the host, where they go to it; else nil.
	Lines *Lines
	// Opaque tells that the host hides values by rules which the core cannot apply:
	// arguments of operations are not logged then.
	Opaque bool
	file   io.Closer
}

// NewLog gives the core's log, at the destination that the settings name. With level
// "off" it drops everything.
func NewLog(c config.Config) (*Log, error) {
	if c.LogLevel == "off" {
		return &Log{Logger: zap.NewNop()}, nil
	}
	filter := newFilter(c.LogFilter)
	level, err := zapcore.ParseLevel(c.LogLevel)
	if err != nil {
		level = zapcore.WarnLevel
	}
	log := &Log{Opaque: filter.opaque}
	core, err := log.destination(c, level)
	if err != nil {
		return nil, err
	}
	log.Logger = zap.New(filtered{core, filter}).Named("tasker_core").With(zap.Int("process_id", os.Getpid()))
	return log, nil
}

func (l *Log) destination(c config.Config, level zapcore.Level) (zapcore.Core, error) {
	switch c.LogDestination {
	case "stderr":
		return zapcore.NewCore(encoder(c.LogFormat), zapcore.Lock(os.Stderr), level), nil
	case "queue":
		lines, err := newLines()
		l.Lines = lines
		return lineCore{level, encoder(c.LogFormat), lines}, err
	}
	file, err := os.OpenFile(c.LogDestination, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("log_destination cannot be written: %w", err)
	}
	l.file = file
	return zapcore.NewCore(encoder(c.LogFormat), zapcore.Lock(file), level), nil
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
	// Syncing standard error fails on terminals; there is nobody to tell.
	_ = l.Sync()
	if l.Lines != nil {
		l.Lines.Close()
	}
	if l.file != nil {
		_ = l.file.Close()
	}
}

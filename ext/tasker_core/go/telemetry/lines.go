package telemetry

import (
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/queue"
)

// mostLines is how many lines may wait for the host; then the oldest are dropped.
const mostLines = 1000

// Lines are log lines on their way to the host, which takes them in the form
// [level, text].
type Lines struct {
	*queue.Queue[logLine]
}

type logLine struct{ level, text string }

func newLines() (*Lines, error) {
	waiting, err := queue.New(queue.Options[logLine]{Capacity: mostLines, WhenFull: queue.DropOldest, Descriptor: true,
		Encode: func(e *msgpack.Encoder, l *logLine) error { return e.Encode([]string{l.level, l.text}) }})
	if err != nil {
		return nil, err
	}
	return &Lines{waiting}, nil
}

// Metrics count the lines.
func (l *Lines) Metrics() []Metric {
	var dropped uint64
	if l != nil {
		dropped = l.Stats().Dropped
	}
	return []Metric{Number("tasker_core_log_lines_dropped_total", Counter, "Log lines that the host did not take in time.", dropped)}
}

// lineCore writes to Lines.
type lineCore struct {
	zapcore.LevelEnabler
	encoder zapcore.Encoder
	lines   *Lines
}

// With adds fields to every line.
func (c lineCore) With(fields []zapcore.Field) zapcore.Core {
	encoder := c.encoder.Clone()
	for _, field := range fields {
		field.AddTo(encoder)
	}
	return lineCore{c.LevelEnabler, encoder, c.lines}
}

// Check asks whether a line is to be written.
func (c lineCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write queues a line. It never waits for the host.
func (c lineCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	encoded, err := c.encoder.EncodeEntry(entry, fields)
	if err != nil {
		return err
	}
	c.lines.Put(&logLine{entry.Level.String(), strings.TrimSuffix(encoded.String(), "\n")})
	encoded.Free()
	return nil
}

// Sync has nothing to do.
func (c lineCore) Sync() error { return nil }

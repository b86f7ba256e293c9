// Package telemetry is what the core tells about itself: logs.
package telemetry

import (
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// NewLogger gives the core's logger on standard error. With level "off" it
// drops everything.
func NewLogger(c config.Config) *zap.Logger {
	if c.LogLevel == "off" {
		return zap.NewNop()
	}
	level, err := zapcore.ParseLevel(c.LogLevel)
	if err != nil {
		level = zapcore.WarnLevel
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.ISO8601TimeEncoder
	encoder := zapcore.NewJSONEncoder(encoding)
	if c.LogFormat == "console" {
		encoder = zapcore.NewConsoleEncoder(encoding)
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), level)
	return zap.New(core).Named("tasker_core")
}

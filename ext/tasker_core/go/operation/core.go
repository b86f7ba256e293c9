package operation

import (
	"go.uber.org/zap"

	"github.com/jcoletaylor/tasker_core/go/config"
)

// Core is what operations of one opened core share.
type Core struct {
	Config config.Config
	Log    *zap.Logger
}

// NewCore gives a core with these settings.
func NewCore(settings config.Config, log *zap.Logger) *Core {
	return &Core{Config: settings, Log: log}
}

// Close ends what the core holds.
func (c *Core) Close() {
	// Syncing standard error fails on terminals; there is nobody to tell.
	_ = c.Log.Sync()
}

package wire

import (
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/store"
)

// writes are the operations that change rows. Each runs in one transaction: with a
// pool in one of the core's, otherwise in the one that the host has open. Those of
// sessions open theirs themselves: they note what was written when it is committed.
var writes = map[string]bool{
	"begin_claim":       true,
	"claim_ready_steps": true,
	"complete_task":     true,
	"create_task":       true,
	"finalize_task":     true,
	"finish_claim":      true,
	"install_schema":    true,
	"renew_claims":      true,
	"reset_stuck":       true,
	"transition_step":   true,
	"transition_steps":  true,
	"transition_task":   true,
}

// inTransaction makes a handler that writes out of one that does not know how its
// statements are held together.
func inTransaction(run handler) handler {
	return func(c call, arguments msgpack.RawMessage) (value any, err error) {
		err = store.InTransaction(c.ctx, c.driver, func(driver store.Driver) (err error) {
			c.driver = driver
			value, err = run(c, arguments)
			return err
		})
		return value, err
	}
}

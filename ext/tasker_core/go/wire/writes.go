package wire

import (
	"github.com/vmihailenco/msgpack/v5"

	"github.com/jcoletaylor/tasker_core/go/store"
)

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

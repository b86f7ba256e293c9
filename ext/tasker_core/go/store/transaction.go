package store

import "context"

// Transactor is a Driver that can give an operation its own transaction.
type Transactor interface {
	Driver
	// WithTransaction runs do on one connection inside a transaction, commits
	// where do gives no error and takes everything back where it gives one.
	WithTransaction(ctx context.Context, do func(Driver) error) error
}

// InTransaction runs do so that its statements take effect together or not at all: in the driver's
// transaction or, if the driver is the caller's connection, in the transaction that the caller has
// opened there.
func InTransaction(ctx context.Context, driver Driver, do func(Driver) error) error {
	if own, ok := driver.(Transactor); ok {
		return own.WithTransaction(ctx, do)
	}
	return do(driver)
}

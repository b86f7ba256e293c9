// Package creation defines a new task: its allowed values, the dependencies of its steps,
// and its identity. It does not use a database.
package creation

// Package creation says what a new task is made of: which values it may have, what its
// steps wait for, and by what it is known. It knows no database.
package creation

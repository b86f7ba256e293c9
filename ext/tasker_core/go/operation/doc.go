// Package operation has one file for each operation of a host. An operation reads what
// it needs through the store, lets the pure packages decide, and writes their decision.
//
// Operations are ordinary blocking code over a store.Driver. Up to its last
// statement an operation has no effect and depends on its arguments and on the
// statements' answers alone (see package store/host for why).
package operation

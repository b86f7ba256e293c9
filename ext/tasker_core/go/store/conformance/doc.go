// Package conformance holds the suite that every store.Driver must pass: the same
// operations answer the same values to the byte, and fail with the same codes,
// whether the host's connection runs the statements or the core's own pool does.
//
// The statements and their answers are in spec/fixtures/driver-conformance.json,
// where the Ruby half of the suite reads them too: there Active Record plays the
// host, here a bare connection does.
package conformance

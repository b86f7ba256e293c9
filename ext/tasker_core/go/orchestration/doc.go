// Package orchestration follows one run of a task: which steps can run next, what the
// outcomes of the others are, and whether the task is blocked or done.
//
// A Session is a snapshot of the task in memory. It makes the next decision a
// matter of microseconds, and it may be wrong: the database decides each claim
// and each completion. A refused claim marks the session as stale, and a strict
// read brings it up to date; so does the end of a run.
//
//	strict read -> Ready -> claim -> Claimed -> handler -> finish -> Finished -> Ready ...
//	                          |                               |
//	                          +-> Refused: stale              +-> Refused: stale
//
// The package is pure: time is an argument, and it does not use a database.
package orchestration

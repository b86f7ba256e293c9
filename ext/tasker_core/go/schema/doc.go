// Package schema knows the database of the Tasker workflow engine: the DDL that
// makes it, the rows of its tables, the versions of its functions, and how a live
// database differs from what is expected.
//
// It holds text and pure comparison only. Whoever has a connection runs the
// statements; every reading statement answers with one row of one text column,
// which means the same through every driver.
package schema

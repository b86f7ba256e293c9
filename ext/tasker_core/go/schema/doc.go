// Package schema describes the database of the Tasker workflow engine: the DDL that
// creates it, the rows of its tables, the versions of its functions, and how a live
// database differs from the expected one.
//
// It contains only text and pure comparisons. The caller runs the statements on its
// connection; every reading statement answers with one row of one text column, which
// means the same through every driver.
package schema

// Package analysis analyses a task's graph: it gives the answers of the engine's
// RuntimeGraphAnalyzer and TemplateGraphAnalyzer, as plain functions over plain values.
//
// # Paths without enumerating them
//
// The engine lists every path from a root to a leaf, scores each and shows the
// five best. Their number grows exponentially: 12 layers of 3 steps have more
// than 500,000. A score is a sum over the steps of a path, so the best paths from
// a step follow from the best paths from its children: five for each step, found
// in one pass against the edges. The number of paths is counted in such a pass
// as well, exactly, whatever its size.
//
// Scores are compared as whole sixtieths, in which everything they are made of is
// exact; what is reported is computed with the engine's own sequence of
// floating-point operations. Scores below zero count as zero, as in the engine,
// so such paths follow in the order in which it would list them.
//
// # Order
//
// The engine leaves the order of steps and edges to the database. Here it is
// always that of the ids, and what the engine sorts by a score alone keeps this
// order among equals.
//
// # Where the engine raises
//
// A task without steps, edges that lead to another task's steps, and NULL
// attempts (readiness rules v01) make the engine's analyzer raise. Here such a
// task has an empty analysis, such edges are left out, and NULL attempts are 0.
// A cycle is a *dag.CycleError; the engine would not end.
//
// # Limits
//
// Everything is linear in steps and edges except two parts, whose answers are not:
// the steps behind each failed step are listed, and for each bottleneck they are
// counted (64 at a time). The times in an analysis are micros of the tables' wall
// clock.
package analysis

// Package dag holds the dependency graph of one task in a form that answers many
// questions cheaply.
//
// # Shape
//
// Compile turns step ids and edges, as the database returns them, into flat
// arrays: the steps of the task sorted by id, and for each the indexes of its
// parents and children (compressed sparse rows). A node is an index into these
// arrays, an int32; ids are translated only at the package's boundary. Nothing here is
// recursive, so a chain of 100,000 steps needs no more stack than one of two.
// A compiled Graph never changes and may be shared by goroutines.
//
// # What counts as an edge
//
// The engine's functions count rows of tasker_workflow_step_edges. Two rows
// with the same ends are therefore two edges, here as well: they appear twice
// among parents, children and in every count.
//
// An edge may lead to a step of another task; the schema does not forbid it.
// Such a step becomes a foreign node. Foreign nodes have the indexes from
// Len() on, so that "is it a step of this task" is one comparison. They count as
// parents and children, and they keep a step from being a root, but they have no
// row in any answer of this package.
//
// # Levels
//
// Levels follows the engine's calculate_dependency_levels: roots are steps
// without any edge leading to them, a step's level is the longest path from a
// root that stays inside the task. A step that only foreign parents lead to is
// neither a root nor reached; it and what hangs on it alone get no row.
//
// # Depth
//
// MinDepths follows min_depth_from_root of the view
// tasker_step_dag_relationships: the shortest path from any step without
// parents, no deeper than MaxDepth. The view crosses into other tasks along
// their edges. For the same answer the caller must pass Compile the edges of
// foreign ancestors too; a foreign node without a known parent counts as a root.
//
// # Cycles
//
// The engine recurses forever on a cycle that a root leads to, and returns no rows
// for a cycle that none leads to. This package answers with a CycleError
// and its path in both cases, since no step on or behind a cycle can ever run.
// Only cycles among the steps of the task are detected: the engine's levels do not
// follow edges out of a task, and so end. Whatever needs no order (parents,
// children, counters, depths) works on a cyclic graph as it does in the engine.
//
// # Counters
//
// Counters keep, for each step, how many of its parent edges still wait.
// Completing a step costs as much as it has children, over a whole run as much
// as there are edges, and returns the steps that this completion made ready.
package dag

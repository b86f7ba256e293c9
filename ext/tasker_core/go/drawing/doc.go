// Package drawing draws a task's workflow as Mermaid text, and as a self-contained SVG
// (without external fonts, scripts or files).
//
// # Layout
//
// Steps stand in layers from left to right by dependency level (the longest path
// from a root). An edge over several layers passes those between through
// waypoints, which all edges of one step share: one trunk with branches. So every
// segment leads from a layer to the next one, and three plain passes do the rest:
//
//   - order: sweeps that sort each layer by the mean position of its neighbours,
//     keeping the arrangement with the fewest crossings;
//   - place: each vertex as near to its neighbours as the order and the distances
//     allow, by isotonic regression (pool adjacent violators);
//   - bands: a long workflow continues below like a line of text, so that a
//     thousand steps one after the other are a page and not a ribbon.
//
// A layer of many steps becomes a block of rows and columns; edges reach its boxes
// along lanes between the rows. Edges are drawn between layers and in lanes only,
// so none runs through a box.
//
// # Bounds
//
// Everything is linear in steps and edges but for the logarithm of sorting.
// Waypoints are limited: edges that are too long for the limit are dotted curves
// behind the boxes. Larger tasks than MaxSteps and MaxEdges are refused.
package drawing

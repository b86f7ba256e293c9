package store

import (
	"context"
	"slices"
)

// Topology is the steps of one task and every edge that touches them.
type Topology struct {
	StepIDs      []int64
	namedStepIDs []int64
	Edges        Edges
}

// TopologyOf is the statement of LoadTopology, without its parameter.
var TopologyOf = Statement{Name: "task_topology", SQL: `WITH step AS MATERIALIZED (
  SELECT workflow_step_id AS id, named_step_id FROM tasker_workflow_steps
  WHERE task_id = (SELECT $1::bigint) ORDER BY workflow_step_id
)
SELECT concat(
  (SELECT concat(array_agg(id), array_agg(named_step_id)) FROM step),
  (SELECT concat(array_agg(parent), array_agg(child)) FROM (
     SELECT e.from_step_id AS parent, e.to_step_id AS child
     FROM step JOIN tasker_workflow_step_edges e ON e.to_step_id = step.id
     UNION ALL
     SELECT e.from_step_id, e.to_step_id
     FROM step JOIN tasker_workflow_step_edges e ON e.from_step_id = step.id
     WHERE NOT EXISTS (SELECT FROM step AS own WHERE own.id = e.to_step_id)) AS edge))`}

// LoadTopology reads the steps of a task, the edges into them and the edges from
// them to steps of other tasks.
func LoadTopology(ctx context.Context, driver Driver, taskID int64) (*Topology, error) {
	rows, err := driver.Query(ctx, TopologyOf.With(Int(taskID)))
	if err != nil {
		return nil, err
	}
	lists, err := idLists(rows, 4)
	if err != nil {
		return nil, err
	}
	topology := &Topology{StepIDs: lists[0], namedStepIDs: lists[1], Edges: Edges{Parent: lists[2], Child: lists[3]}}
	if len(lists[0]) != len(lists[1]) || len(lists[2]) != len(lists[3]) {
		return nil, &FormatError{Want: "lists of one length", Got: "lists of several lengths"}
	}
	return topology, nil
}

// NamedStep gives the named_step_id of one of the task's steps.
func (t *Topology) NamedStep(stepID int64) int64 {
	at, _ := slices.BinarySearch(t.StepIDs, stepID)
	return t.namedStepIDs[at]
}

// LoadAncestors adds the edges above parents in other tasks, up to maxDepth
// edges away. Almost no task has such parents: then it asks nothing.
func (t *Topology) LoadAncestors(ctx context.Context, driver Driver, maxDepth int) error {
	known := make(map[int64]bool, len(t.StepIDs))
	for _, id := range t.StepIDs {
		known[id] = true
	}
	above := unknown(t.Edges.Parent, known)
	for depth := 0; depth < maxDepth && len(above) > 0; depth++ {
		edges, err := edgesInto(ctx, driver, above)
		if err != nil {
			return err
		}
		t.Edges.Parent = append(t.Edges.Parent, edges.Parent...)
		t.Edges.Child = append(t.Edges.Child, edges.Child...)
		above = unknown(edges.Parent, known)
	}
	return nil
}

// unknown gives the ids seen for the first time, and marks them as known.
func unknown(ids []int64, known map[int64]bool) []int64 {
	var found []int64
	for _, id := range ids {
		if !known[id] {
			known[id] = true
			found = append(found, id)
		}
	}
	return found
}

func edgesInto(ctx context.Context, driver Driver, stepIDs []int64) (Edges, error) {
	rows, err := driver.Query(ctx, Statement{
		Name: "edges_into",
		SQL: `SELECT concat(array_agg(edge.from_step_id), array_agg(edge.to_step_id))
FROM unnest((SELECT $1::bigint[])) AS asked (id) CROSS JOIN LATERAL (
  SELECT from_step_id, to_step_id FROM tasker_workflow_step_edges WHERE to_step_id = asked.id OFFSET 0) AS edge`,
		Params: []*string{Ints(stepIDs)},
	})
	if err != nil {
		return Edges{}, err
	}
	lists, err := idLists(rows, 2)
	if err != nil {
		return Edges{}, err
	}
	if len(lists[0]) != len(lists[1]) {
		return Edges{}, &FormatError{Want: "lists of one length", Got: "lists of several lengths"}
	}
	return Edges{Parent: lists[0], Child: lists[1]}, nil
}

// idLists decodes an answer that is one text of bigint arrays; where there is nothing,
// none of them is there.
func idLists(rows Rows, lists int) ([][]int64, error) {
	row, err := oneRow(rows, 1)
	if err != nil {
		return nil, err
	}
	values := make([][]int64, lists)
	if row[0] == nil {
		return values, nil
	}
	s := scanner{text: *row[0]}
	for i := range values {
		values[i] = s.ids()
	}
	if s.at != len(s.text) {
		s.fail("the end")
	}
	return values, s.err
}

package store

import (
	"context"
	"fmt"
	"slices"
)

// Topology is the steps of one task and every edge that touches them.
type Topology struct {
	StepIDs      []int64
	namedStepIDs []int64
	Edges        Edges
}

// LoadTopology reads the steps of a task, the edges into them and the edges from
// them to steps of other tasks.
func LoadTopology(ctx context.Context, driver Driver, taskID int64) (*Topology, error) {
	rows, err := driver.Query(ctx, Statement{
		Name: "task_topology",
		SQL: `WITH step AS MATERIALIZED (
  SELECT workflow_step_id AS id, named_step_id FROM tasker_workflow_steps
  WHERE task_id = (SELECT $1::bigint) ORDER BY workflow_step_id
)
SELECT * FROM
  (SELECT array_agg(id)::text, array_agg(named_step_id)::text FROM step) AS steps,
  (SELECT array_agg(parent)::text, array_agg(child)::text FROM (
     SELECT e.from_step_id AS parent, e.to_step_id AS child
     FROM step JOIN tasker_workflow_step_edges e ON e.to_step_id = step.id
     UNION ALL
     SELECT e.from_step_id, e.to_step_id
     FROM step JOIN tasker_workflow_step_edges e ON e.from_step_id = step.id
     WHERE NOT EXISTS (SELECT FROM step AS own WHERE own.id = e.to_step_id)) AS edge) AS edges`,
		Params: []*string{Int(taskID)},
	})
	if err != nil {
		return nil, err
	}
	columns, err := idColumns(rows, 4)
	if err != nil {
		return nil, err
	}
	topology := &Topology{StepIDs: columns[0], namedStepIDs: columns[1], Edges: Edges{Parent: columns[2], Child: columns[3]}}
	if len(columns[0]) != len(columns[1]) || len(columns[2]) != len(columns[3]) {
		return nil, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
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
		SQL: `SELECT array_agg(from_step_id)::text, array_agg(to_step_id)::text
FROM tasker_workflow_step_edges WHERE to_step_id = ANY ((SELECT $1)::bigint[])`,
		Params: []*string{Ints(stepIDs)},
	})
	if err != nil {
		return Edges{}, err
	}
	columns, err := idColumns(rows, 2)
	if err != nil {
		return Edges{}, err
	}
	if len(columns[0]) != len(columns[1]) {
		return Edges{}, &FormatError{Want: "columns of one length", Got: "columns of several lengths"}
	}
	return Edges{Parent: columns[0], Child: columns[1]}, nil
}

// idColumns decodes an answer that is one row of bigint arrays.
func idColumns(rows Rows, columns int) ([][]int64, error) {
	if len(rows) != 1 || len(rows[0]) != columns {
		return nil, &FormatError{Want: fmt.Sprintf("one row of %d columns", columns), Got: fmt.Sprintf("%d rows", len(rows))}
	}
	d := decoder{row: rows[0]}
	values := make([][]int64, columns)
	for i := range values {
		values[i] = d.ids()
	}
	return values, d.err
}

package readiness

import "fmt"

// Columns are many steps, one slice for each field of StepInput, as a statement
// that returns arrays delivers them. All slices have the same length.
type Columns struct {
	WorkflowStepIDs       []int64
	TaskIDs               []int64
	NamedStepIDs          []int32
	Names                 []string
	States                []Null[string]
	StatesCreatedAt       []Null[int64]
	Attempts              []Null[int32]
	RetryLimits           []Null[int32]
	Retryable             []Null[bool]
	InProcess             []Null[bool]
	Processed             []Null[bool]
	BackoffRequestSeconds []Null[int32]
	LastAttemptedAt       []Null[int64]
	TotalParents          []int32
	CompletedParents      []int32
}

// Len is the number of steps.
func (c *Columns) Len() int { return len(c.WorkflowStepIDs) }

// Check returns an error that names the first column whose length is not Len.
func (c *Columns) Check() error {
	lengths := [...]int{
		len(c.TaskIDs), len(c.NamedStepIDs), len(c.Names), len(c.States), len(c.StatesCreatedAt),
		len(c.Attempts), len(c.RetryLimits), len(c.Retryable), len(c.InProcess), len(c.Processed),
		len(c.BackoffRequestSeconds), len(c.LastAttemptedAt), len(c.TotalParents), len(c.CompletedParents),
	}
	names := [len(lengths)]string{
		"task_id", "named_step_id", "name", "state", "state_created_at",
		"attempts", "retry_limit", "retryable", "in_process", "processed",
		"backoff_request_seconds", "last_attempted_at", "total_parents", "completed_parents",
	}
	for i, length := range lengths {
		if length != c.Len() {
			return fmt.Errorf("readiness: column %s has %d values for %d steps; each column needs one for each step",
				names[i], length, c.Len())
		}
	}
	return nil
}

// Row copies one step out of the columns, without allocating. The columns must
// have passed Check.
func (c *Columns) Row(i int, in *StepInput) {
	*in = StepInput{
		WorkflowStepID:        c.WorkflowStepIDs[i],
		TaskID:                c.TaskIDs[i],
		NamedStepID:           c.NamedStepIDs[i],
		Name:                  c.Names[i],
		State:                 c.States[i],
		StateCreatedAt:        c.StatesCreatedAt[i],
		Attempts:              c.Attempts[i],
		RetryLimit:            c.RetryLimits[i],
		Retryable:             c.Retryable[i],
		InProcess:             c.InProcess[i],
		Processed:             c.Processed[i],
		BackoffRequestSeconds: c.BackoffRequestSeconds[i],
		LastAttemptedAt:       c.LastAttemptedAt[i],
		TotalParents:          c.TotalParents[i],
		CompletedParents:      c.CompletedParents[i],
	}
}

// Evaluate judges all steps and appends their rows to rows. With room in rows it
// does not allocate. It fails where Check does.
func (c *Columns) Evaluate(version Version, now int64, rows []Status) ([]Status, error) {
	if err := c.Check(); err != nil {
		return rows, err
	}
	var in StepInput
	for i := range c.Len() {
		c.Row(i, &in)
		rows = append(rows, Status{})
		Evaluate(version, now, &in, &rows[len(rows)-1])
	}
	return rows, nil
}

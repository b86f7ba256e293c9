package readiness

import "github.com/jcoletaylor/tasker_core/go/lifecycle"

// DefaultRetryLimit stands for a NULL retry_limit.
const DefaultRetryLimit = int32(3)

// Evaluate judges one step at the time now (microseconds) by the rules of the
// version, and writes the row into out. It does not allocate.
func Evaluate(version Version, now int64, in *StepInput, out *Status) {
	*out = Status{
		WorkflowStepID:        in.WorkflowStepID,
		TaskID:                in.TaskID,
		NamedStepID:           in.NamedStepID,
		Name:                  in.Name,
		CurrentState:          in.State.Or(lifecycle.Pending),
		DependenciesSatisfied: in.CompletedParents == in.TotalParents,
		TotalParents:          in.TotalParents,
		CompletedParents:      in.CompletedParents,
		Attempts:              in.Attempts,
		RetryLimit:            in.RetryLimit.Or(DefaultRetryLimit),
		BackoffRequestSeconds: in.BackoffRequestSeconds,
		LastAttemptedAt:       in.LastAttemptedAt,
	}
	if out.CurrentState == lifecycle.Error {
		out.LastFailureAt = in.StateCreatedAt
	}
	requested, failure := requestedRetryAt(in), failureRetryAt(in, out.LastFailureAt)
	if out.NextRetryAt = requested; !requested.Valid {
		out.NextRetryAt = failure
	}
	if version == V01 {
		out.RetryEligible = retryEligibleV01(now, in, out)
	} else {
		out.Attempts = Some(in.Attempts.Or(0))
		out.RetryEligible = attemptsLeft(out)
	}
	out.ReadyForExecution = mayStart(in, out) && attemptsLeft(out) && passed(requested, now) && passed(failure, now)
}

// mayStart is what readiness asks for beside attempts and waiting times.
func mayStart(in *StepInput, out *Status) bool {
	return (out.CurrentState == lifecycle.Pending || out.CurrentState == lifecycle.Error) &&
		out.DependenciesSatisfied &&
		in.Retryable.Or(true) &&
		!in.Processed.Or(false) &&
		!in.InProcess.Or(false)
}

// attemptsLeft is false for NULL attempts, as the comparison in SQL is unknown.
func attemptsLeft(out *Status) bool {
	return out.Attempts.Valid && out.Attempts.Value < out.RetryLimit
}

// retryEligibleV01 is the CASE of the first version. Conditions on NULL attempts
// are unknown there and therefore passed over.
func retryEligibleV01(now int64, in *StepInput, out *Status) bool {
	attempts := in.Attempts
	switch {
	case attempts.Valid && attempts.Value >= out.RetryLimit:
		return false
	case attempts.Valid && attempts.Value > 0 && !in.Retryable.Or(true):
		return false
	}
	return !out.LastFailureAt.Valid || passed(out.NextRetryAt, now)
}

// EvaluateAll judges many steps and appends their rows to rows. With room in rows
// it does not allocate.
func EvaluateAll(version Version, now int64, steps []StepInput, rows []Status) []Status {
	for i := range steps {
		rows = append(rows, Status{})
		Evaluate(version, now, &steps[i], &rows[len(rows)-1])
	}
	return rows
}

// AppendReady judges many steps and appends the ids of those that may run now.
func AppendReady(version Version, now int64, steps []StepInput, ids []int64) []int64 {
	var row Status
	for i := range steps {
		if Evaluate(version, now, &steps[i], &row); row.ReadyForExecution {
			ids = append(ids, row.WorkflowStepID)
		}
	}
	return ids
}

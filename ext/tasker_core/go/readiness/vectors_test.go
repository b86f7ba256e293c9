package readiness_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
)

// frozen is the one "now" of all recorded cases.
const frozen = int64(1_752_000_000_000_000)

// recordedStep is a step as readiness-vectors.json and readiness-edge-vectors.json
// list it: answers recorded from the SQL functions of tasker-engine 0.1.0.
type recordedStep struct {
	Key                   int64    `json:"key"`
	Name                  string   `json:"name"`
	State                 *string  `json:"state"`
	StateAgo              *float64 `json:"state_ago"`
	Attempts              *int32   `json:"attempts"`
	RetryLimit            *int32   `json:"retry_limit"`
	Retryable             *bool    `json:"retryable"`
	InProcess             *bool    `json:"in_process"`
	Processed             *bool    `json:"processed"`
	BackoffRequestSeconds *int32   `json:"backoff_request_seconds"`
	LastAttemptedAgo      *float64 `json:"last_attempted_ago"`
}

type recordedRow struct {
	Key                   int64    `json:"key"`
	CurrentState          string   `json:"current_state"`
	DependenciesSatisfied bool     `json:"dependencies_satisfied"`
	RetryEligible         bool     `json:"retry_eligible"`
	ReadyForExecution     bool     `json:"ready_for_execution"`
	LastFailureAgo        *float64 `json:"last_failure_ago"`
	NextRetryIn           *float64 `json:"next_retry_in"`
	TotalParents          int32    `json:"total_parents"`
	CompletedParents      int32    `json:"completed_parents"`
	Attempts              *int32   `json:"attempts"`
	RetryLimit            int32    `json:"retry_limit"`
}

type recordedContext struct {
	Status               string  `json:"status"`
	TotalSteps           int64   `json:"total_steps"`
	PendingSteps         int64   `json:"pending_steps"`
	InProgressSteps      int64   `json:"in_progress_steps"`
	CompletedSteps       int64   `json:"completed_steps"`
	FailedSteps          int64   `json:"failed_steps"`
	ReadySteps           int64   `json:"ready_steps"`
	ExecutionStatus      string  `json:"execution_status"`
	RecommendedAction    string  `json:"recommended_action"`
	CompletionPercentage float64 `json:"completion_percentage"`
	PercentageText       string  `json:"completion_percentage_text"`
	HealthStatus         string  `json:"health_status"`
}

type recordedCase struct {
	ID   int `json:"id"`
	Task struct {
		State *string `json:"state"`
	} `json:"task"`
	Steps        []recordedStep `json:"steps"`
	ForeignSteps []recordedStep `json:"foreign_steps"`
	Edges        [][2]int64     `json:"edges"`
	Expect       struct {
		Readiness    []recordedRow    `json:"readiness"`
		ReadinessV01 []recordedRow    `json:"readiness_v01"`
		Context      recordedContext  `json:"context"`
		ContextV01   *recordedContext `json:"context_v01"`
	} `json:"expect"`
}

func readCases(t testing.TB, file string, count int) []recordedCase {
	t.Helper()
	raw, err := os.ReadFile("../../../../spec/fixtures/parity/" + file)
	require.NoError(t, err)
	var content struct {
		Cases []recordedCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &content))
	require.Len(t, content.Cases, count)
	return content.Cases
}

func nullOf[T any](value *T) readiness.Null[T] {
	if value == nil {
		return readiness.Null[T]{}
	}
	return readiness.Some(*value)
}

// micros turns a number of seconds, before or after frozen, into a time.
func micros(seconds *float64, sign float64) readiness.Null[int64] {
	if seconds == nil {
		return readiness.Null[int64]{}
	}
	return readiness.Some(frozen + int64(math.Round(sign**seconds*1e6)))
}

func (c recordedCase) task() readiness.TaskInput {
	return readiness.TaskInput{TaskID: int64(c.ID), NamedTaskID: 7, State: nullOf(c.Task.State)}
}

func (c recordedCase) inputs() []readiness.StepInput {
	satisfied := map[int64]bool{}
	for _, step := range append(c.Steps[:len(c.Steps):len(c.Steps)], c.ForeignSteps...) {
		satisfied[step.Key] = step.State != nil && (*step.State == "complete" || *step.State == "resolved_manually")
	}
	inputs := make([]readiness.StepInput, 0, len(c.Steps))
	for _, step := range c.Steps {
		in := step.input(int64(c.ID))
		for _, edge := range c.Edges {
			if edge[1] == step.Key {
				in.TotalParents++
				if satisfied[edge[0]] {
					in.CompletedParents++
				}
			}
		}
		inputs = append(inputs, in)
	}
	return inputs
}

func (s recordedStep) input(taskID int64) readiness.StepInput {
	return readiness.StepInput{
		WorkflowStepID: s.Key, TaskID: taskID, NamedStepID: 5, Name: s.Name,
		State: nullOf(s.State), StateCreatedAt: micros(s.StateAgo, -1),
		Attempts: nullOf(s.Attempts), RetryLimit: nullOf(s.RetryLimit),
		Retryable: nullOf(s.Retryable), InProcess: nullOf(s.InProcess), Processed: nullOf(s.Processed),
		BackoffRequestSeconds: nullOf(s.BackoffRequestSeconds), LastAttemptedAt: micros(s.LastAttemptedAgo, -1),
	}
}

// status is the whole row that the function gave for a step: what was recorded,
// and the columns that it hands through.
func (r recordedRow) status(in readiness.StepInput) readiness.Status {
	return readiness.Status{
		WorkflowStepID: r.Key, TaskID: in.TaskID, NamedStepID: in.NamedStepID, Name: in.Name,
		CurrentState: r.CurrentState, DependenciesSatisfied: r.DependenciesSatisfied,
		RetryEligible: r.RetryEligible, ReadyForExecution: r.ReadyForExecution,
		LastFailureAt: micros(r.LastFailureAgo, -1), NextRetryAt: micros(r.NextRetryIn, 1),
		TotalParents: r.TotalParents, CompletedParents: r.CompletedParents,
		Attempts: nullOf(r.Attempts), RetryLimit: r.RetryLimit,
		BackoffRequestSeconds: in.BackoffRequestSeconds, LastAttemptedAt: in.LastAttemptedAt,
	}
}

// contextOf judges all steps of a task and gives the task's row.
func contextOf(version readiness.Version, now int64, task readiness.TaskInput, steps []readiness.StepInput) readiness.Context {
	var tally readiness.Tally
	var row readiness.Status
	for i := range steps {
		readiness.Evaluate(version, now, &steps[i], &row)
		tally.Add(&row)
	}
	return tally.Context(task)
}

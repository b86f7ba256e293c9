package readiness_test

import (
	"strconv"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
)

var vectorFiles = map[string]int{"readiness-vectors.json": 300, "readiness-edge-vectors.json": 90}

func TestRecordedReadiness(t *testing.T) {
	for file, count := range vectorFiles {
		for _, c := range readCases(t, file, count) {
			requireRows(t, readiness.V02, c, c.Expect.Readiness)
			requireRows(t, readiness.V01, c, c.Expect.ReadinessV01)
		}
	}
}

func requireRows(t *testing.T, version readiness.Version, c recordedCase, want []recordedRow) {
	inputs := c.inputs()
	rows := readiness.EvaluateAll(version, frozen, inputs, nil)
	require.Len(t, rows, len(want))
	for i, row := range rows {
		require.Equal(t, want[i].status(inputs[i]), row, "%s, case %d, step %d", version, c.ID, row.WorkflowStepID)
	}
}

func TestRecordedContexts(t *testing.T) {
	versions := 0
	for file, count := range vectorFiles {
		for _, c := range readCases(t, file, count) {
			requireContext(t, readiness.V02, c, c.Expect.Context)
			if c.Expect.ContextV01 != nil {
				requireContext(t, readiness.V01, c, *c.Expect.ContextV01)
				versions++
			}
		}
	}
	require.Equal(t, 90, versions)
}

func requireContext(t *testing.T, version readiness.Version, c recordedCase, want recordedContext) {
	got := contextOf(version, frozen, c.task(), c.inputs())
	percentage, err := strconv.ParseFloat(got.CompletionPercentage, 64)
	require.NoError(t, err)
	require.Equal(t, want.CompletionPercentage, percentage, "%s, case %d", version, c.ID)
	text := got.CompletionPercentage
	if want.PercentageText != "" {
		text = want.PercentageText
	}
	require.Equal(t, readiness.Context{
		TaskID: int64(c.ID), NamedTaskID: 7, Status: want.Status, TotalSteps: want.TotalSteps,
		PendingSteps: want.PendingSteps, InProgressSteps: want.InProgressSteps,
		CompletedSteps: want.CompletedSteps, FailedSteps: want.FailedSteps, ReadySteps: want.ReadySteps,
		ExecutionStatus: want.ExecutionStatus, RecommendedAction: want.RecommendedAction,
		CompletionPercentage: text, HealthStatus: want.HealthStatus,
	}, got, "%s, case %d", version, c.ID)
}

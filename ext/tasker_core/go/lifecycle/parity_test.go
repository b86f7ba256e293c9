package lifecycle_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/stretchr/testify/require"
)

// recorded is one case of state-machine-vectors.json: what tasker-engine 0.1.0
// with statesman 12.0 answered.
type recorded struct {
	From    *string `json:"from"`
	To      string  `json:"to"`
	Parent  string  `json:"parent"`
	Steps   string  `json:"steps"`
	Bang    outcome `json:"transition_to!"`
	Plain   outcome `json:"transition_to"`
	Safe    outcome `json:"safe_transition_to"`
	CanIt   outcome `json:"can_transition_to?"`
	machine lifecycle.Machine
}

type outcome struct {
	Returned *bool    `json:"returned"`
	Raised   string   `json:"raised"`
	Message  string   `json:"message"`
	Events   []string `json:"events"`
}

var errorClasses = map[string]lifecycle.Code{
	"":                                 lifecycle.Allowed,
	"Statesman::GuardFailedError":      lifecycle.GuardFailed,
	"Statesman::TransitionFailedError": lifecycle.TransitionFailed,
}

func (r recorded) guardSatisfied() bool {
	return r.Parent == "parent_complete" || r.Parent == "parent_resolved_manually" || r.Steps == "steps_complete"
}

func (r recorded) current() string {
	if r.From == nil {
		return r.machine.CurrentState("", false)
	}
	return r.machine.CurrentState(*r.From, true)
}

func (r recorded) decide() lifecycle.Decision {
	return lifecycle.Decide(r.machine, r.current(), r.To, r.guardSatisfied())
}

func readRecorded(t *testing.T) []recorded {
	raw, err := os.ReadFile("../../../../spec/fixtures/parity/state-machine-vectors.json")
	require.NoError(t, err)
	var file struct {
		Step []recorded `json:"step"`
		Task []recorded `json:"task"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Len(t, file.Step, 63)
	require.Len(t, file.Task, 49)
	for i := range file.Task {
		file.Task[i].machine = lifecycle.Task
	}
	return append(file.Step, file.Task...)
}

func TestRecordedDecisions(t *testing.T) {
	for _, r := range readRecorded(t) {
		d := r.decide()
		about := []any{"%s %s -> %s", r.machine, r.current(), r.To}
		want, known := errorClasses[r.Bang.Raised]
		require.True(t, known, about...)
		require.Equal(t, want, d.Code, about...)
		require.Equal(t, r.Bang.Message, d.Message, about...)
		require.Equal(t, *r.CanIt.Returned, d.Allowed(), about...)
		require.Equal(t, *r.Plain.Returned, d.Allowed(), about...)
		require.Equal(t, *r.Safe.Returned, d.Allowed(), about...)
	}
}

func TestRecordedEvents(t *testing.T) {
	for _, r := range readRecorded(t) {
		d := r.decide()
		published := []string{}
		for _, event := range []string{d.BeforeEvent, d.Event} {
			if event != "" {
				published = append(published, event)
			}
		}
		require.Equal(t, r.Bang.Events, published, "%s %s -> %s", r.machine, r.current(), r.To)
	}
}

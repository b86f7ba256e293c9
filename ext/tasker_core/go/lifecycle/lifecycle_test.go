package lifecycle_test

import (
	"slices"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var machines = []lifecycle.Machine{lifecycle.Step, lifecycle.Task}

func TestAnUnknownTargetIsInvalid(t *testing.T) {
	for _, machine := range machines {
		d := lifecycle.Decide(machine, lifecycle.Pending, "done", true)
		require.Equal(t, lifecycle.InvalidState, d.Code)
		require.Equal(t, "Cannot transition from 'pending' to 'done'", d.Message)
		require.Empty(t, d.Event)
	}
}

func TestNothingFollowsAnUnknownState(t *testing.T) {
	for _, machine := range machines {
		d := lifecycle.Decide(machine, "paused", lifecycle.Pending, true)
		require.Equal(t, lifecycle.TransitionFailed, d.Code)
		require.Equal(t, "Cannot transition from 'paused' to 'pending'", d.Message)
		require.Empty(t, machine.Sources("paused"))
	}
}

func TestABlankStateIsPendingForStepsOnly(t *testing.T) {
	require.Equal(t, "pending", lifecycle.Step.CurrentState(" ", true))
	require.Equal(t, " ", lifecycle.Task.CurrentState(" ", true))
	require.Equal(t, "paused", lifecycle.Step.CurrentState("paused", true))
	require.Equal(t, "pending", lifecycle.Task.CurrentState("", false))
}

func TestPairEventsDifferForRetriesOnly(t *testing.T) {
	for _, machine := range machines {
		for _, to := range machine.States() {
			for _, from := range machine.Sources(to) {
				d := lifecycle.Decide(machine, from, to, true)
				require.NotEmpty(t, d.PairEvent, "%s %s -> %s", machine, from, to)
				isRetry := from == lifecycle.Error && to == lifecycle.Pending
				require.Equal(t, isRetry, d.Event != d.PairEvent, "%s %s -> %s", machine, from, to)
			}
		}
		require.Equal(t, machine.String()+".retry_requested", machine.Event(lifecycle.Error, lifecycle.Pending))
	}
	require.Empty(t, lifecycle.Step.Event(lifecycle.InProgress, lifecycle.Pending))
	require.Empty(t, lifecycle.Task.Event(lifecycle.Pending, lifecycle.ResolvedManually))
}

func TestSources(t *testing.T) {
	require.Equal(t, []string{"pending", "in_progress"}, lifecycle.Step.Sources(lifecycle.Cancelled))
	require.Equal(t, []string{"pending", "in_progress", "complete", "resolved_manually"}, lifecycle.Task.Sources(lifecycle.Cancelled))
	require.Equal(t, []string{"in_progress", "error"}, lifecycle.Task.Sources(lifecycle.Pending))
}

func TestALostRaceIsAConflict(t *testing.T) {
	lost := lifecycle.Decide(lifecycle.Step, lifecycle.Pending, lifecycle.InProgress, true).Lost(7)
	require.Equal(t, lifecycle.Conflict, lost.Code)
	require.False(t, lost.Allowed())
	require.Empty(t, lost.Event)
	require.Contains(t, lost.Message, "of step 7 while it went from 'pending' to 'in_progress'")
}

// Whatever the words: an allowed decision leads from a source of the target, with its guard
// satisfied and has an event and no message; any other has a message and no event.
func TestDecisionsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		machine := rapid.SampledFrom(machines).Draw(t, "machine")
		word := rapid.OneOf(rapid.SampledFrom(machine.States()), rapid.StringN(0, 12, -1))
		from, to, guard := word.Draw(t, "from"), word.Draw(t, "to"), rapid.Bool().Draw(t, "guard")
		d := lifecycle.Decide(machine, from, to, guard)
		open := guard || machine.GuardFor(to) == lifecycle.NoGuard
		require.Equal(t, d.Allowed(), d.Message == "")
		require.Equal(t, d.Allowed(), d.Event != "")
		require.Equal(t, d.Allowed(), slices.Contains(machine.Sources(to), from) && open)
	})
}

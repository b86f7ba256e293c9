package orchestration_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// follow works out what Follow answers from the whole of the task, before and after
// the completion.
func (w *world) follow(id int64) int64 {
	step, own := w.steps[id]
	if !own || step.state != lifecycle.InProgress || w.taskState == lifecycle.Cancelled {
		return 0
	}
	for other, row := range w.steps {
		if w.ready(other) || (other != id && row.state == lifecycle.InProgress) {
			return 0
		}
	}
	step.state = lifecycle.Complete
	ready := slices.DeleteFunc(slices.Clone(w.ids), func(other int64) bool { return !w.ready(other) })
	step.state = lifecycle.InProgress
	if len(ready) != 1 || w.steps[ready[0]].audit > 0 || w.steps[ready[0]].attempts+1 >= w.steps[ready[0]].retryLimit {
		return 0
	}
	return ready[0]
}

func requireFollow(t *rapid.T, w *world, session *orchestration.Session) (found int64) {
	for id := range w.steps {
		follow := session.Follow(id, w.now)
		require.Equal(t, w.follow(id), follow, "after %d of %s", id, w)
		found = max(found, follow)
	}
	return found
}

// drawStates gives each step a state, whatever the steps before it have.
func (w *world) drawStates(t *rapid.T) {
	for _, id := range w.ids {
		step := w.steps[id]
		state := rapid.SampledFrom([]string{"", "", "", lifecycle.Complete, lifecycle.Complete, lifecycle.InProgress,
			lifecycle.Error, lifecycle.Pending, lifecycle.Cancelled, lifecycle.ResolvedManually}).Draw(t, "state")
		if state != "" {
			w.move(id, state)
		}
		step.attempts = rapid.SampledFrom([]int32{0, 0, 1, 2}).Draw(t, "attempts")
		step.retryable = rapid.IntRange(0, 5).Draw(t, "retryable") > 0
		step.processed = state == lifecycle.Complete
	}
}

// drawLine gives the steps the states of a line whose run has come to one of them, which
// the next one waits for.
func (w *world) drawLine(t *rapid.T) {
	at := rapid.IntRange(0, len(w.ids)-1).Draw(t, "at")
	for i, id := range w.ids {
		switch {
		case i < at:
			w.move(id, lifecycle.Complete)
			w.steps[id].processed = true
		case i == at:
			w.move(id, lifecycle.InProgress)
		default:
			w.edges = append(w.edges, dag.Edge{From: w.ids[i-1], To: id})
		}
	}
}

// Whatever states the steps are in, the answer is the one that the whole task gives.
func TestWhatFollowsIsWhatTheWholeTaskSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.drawStates(t)
		requireFollow(t, w, open(t, w, true))
	})
}

// In a line a step follows, unless there is none or it has one attempt only.
func TestWhatFollowsInALine(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.drawLine(t)
		if requireFollow(t, w, open(t, w, true)) > 0 {
			found++
		}
	})
	require.Positive(t, found, "no line was drawn in which a step follows")
}

// A run that claims what follows with each completion is never refused where nobody
// meddles, and claims what it would have found ready.
func TestARunThatClaimsWhatFollowsIsNeverRefused(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		session := open(t, w, true)
		for {
			ready := session.Next(w.now).Ready
			if len(ready) == 0 {
				break
			}
			id := rapid.SampledFrom(ready).Draw(t, "step")
			claim(t, w, session, id)
			for id != 0 {
				follow := requireFollow(t, w, session)
				token, held := session.Token(id)
				require.True(t, held)
				outcome, ok := w.finish(id, token, lifecycle.Complete, true)
				require.True(t, ok)
				require.NoError(t, session.Finished(id, outcome))
				if follow != 0 {
					found++
					require.Equal(t, []int64{follow}, session.Next(w.now).Ready)
					claim(t, w, session, follow)
				}
				requireEqual(t, w, session, true)
				id = follow
			}
		}
	})
	require.Positive(t, found)
}

func claim(t *rapid.T, w *world, session *orchestration.Session, id int64) {
	token := w.claim(id)
	require.NotZero(t, token)
	require.NoError(t, session.Claimed(id, token))
}

func TestWhatFollows(t *testing.T) {
	line := []dag.Edge{{From: 1, To: 2}}
	for name, c := range map[string]struct {
		edges  []dag.Edge
		change func(snapshot *orchestration.TaskSnapshot)
		follow int64
	}{
		"a line":                 {edges: line, follow: 2},
		"two edges":              {edges: append(line, line...), follow: 2},
		"nothing":                {edges: []dag.Edge{{From: 4, To: 2}}},
		"two at once":            {edges: append(line, dag.Edge{From: 1, To: 3}), change: unmove},
		"one that waits for two": {edges: append(line, dag.Edge{From: 4, To: 2})},
		"one that waits longer":  {edges: append(line, dag.Edge{From: 1, To: 3}, dag.Edge{From: 2, To: 3}), change: unmove, follow: 2},
		"one that waits for another task": {edges: append(line, dag.Edge{From: 1, To: 3}, dag.Edge{From: 90, To: 3}),
			change: unmove, follow: 2},
		"a step of another task": {edges: append(line, dag.Edge{From: 1, To: 90}), follow: 2},
		"another that cannot run": {edges: append(line, dag.Edge{From: 1, To: 3}), follow: 2,
			change: func(p *orchestration.TaskSnapshot) { unmove(p); p.Steps[2].Retryable = readiness.Some(false) }},
		"one that cannot run": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].Retryable = readiness.Some(false) }},
		"one in process": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].InProcess = readiness.Some(true) }},
		"one that is processed": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].Processed = readiness.Some(true) }},
		"one that was pending before": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].State = readiness.Some(lifecycle.Pending) }},
		"a last attempt": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].Attempts = readiness.Some(int32(2)) }},
		"an attempt to spare": {edges: line, follow: 2,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].Attempts = readiness.Some(int32(1)) }},
		"no limit": {edges: line, follow: 2,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[1].RetryLimit = readiness.Null[int32]{} }},
		"one that waits": {edges: line, change: func(p *orchestration.TaskSnapshot) { wait(&p.Steps[1], 10) }},
		"one that has waited": {edges: line, follow: 2,
			change: func(p *orchestration.TaskSnapshot) { wait(&p.Steps[1], 9) }},
		"a ready step": {edges: line, change: unmove},
		"a step that can be retried": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { fail(&p.Steps[3], 9) }},
		"a step that waits for its retry": {edges: line, follow: 2,
			change: func(p *orchestration.TaskSnapshot) { fail(&p.Steps[3], 10) }},
		"another in progress": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[3].State = readiness.Some(lifecycle.InProgress) }},
		"a closed task": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Task.State = readiness.Some(lifecycle.ResolvedManually) }},
		"not in progress": {edges: line,
			change: func(p *orchestration.TaskSnapshot) { p.Steps[0].State = readiness.Some(lifecycle.Cancelled) }},
	} {
		t.Run(name, func(t *testing.T) {
			snapshot := fourSteps(c.edges)
			if c.change != nil {
				c.change(&snapshot)
			}
			session, err := orchestration.New(orchestration.Options{Rules: readiness.V02}, snapshot)
			require.NoError(t, err)
			require.Equal(t, c.follow, session.Follow(1, 10*second))
			session.MarkStale()
			require.Zero(t, session.Follow(1, 10*second), "a snapshot that was found wrong promises nothing")
			require.Zero(t, session.Follow(90, 10*second), "a step of another task")
		})
	}
}

// fourSteps are 1 in progress, 2 in no state yet, and 3 and 4 cancelled.
func fourSteps(edges []dag.Edge) orchestration.TaskSnapshot {
	snapshot := orchestration.TaskSnapshot{Task: readiness.TaskInput{TaskID: 7, State: readiness.Some(lifecycle.InProgress)},
		Versions: make([]int64, 4), Edges: edges}
	for id := range int64(4) {
		snapshot.Steps = append(snapshot.Steps, readiness.StepInput{WorkflowStepID: id + 1, TaskID: 7,
			Attempts: readiness.Some(int32(0)), RetryLimit: readiness.Some(int32(3)), Retryable: readiness.Some(true)})
	}
	snapshot.Steps[0].State = readiness.Some(lifecycle.InProgress)
	snapshot.Steps[2].State, snapshot.Steps[3].State = readiness.Some(lifecycle.Cancelled), readiness.Some(lifecycle.Cancelled)
	return snapshot
}

// unmove takes the third step's state away.
func unmove(snapshot *orchestration.TaskSnapshot) { snapshot.Steps[2].State = readiness.Null[string]{} }

// wait makes a step wait for some seconds from the first one on.
func wait(step *readiness.StepInput, seconds int32) {
	step.BackoffRequestSeconds, step.LastAttemptedAt = readiness.Some(seconds), readiness.Some(second)
}

// fail makes a step fail at the first second, to be retried after two or later.
func fail(step *readiness.StepInput, seconds int32) {
	wait(step, seconds)
	step.State, step.StateCreatedAt = readiness.Some(lifecycle.Error), readiness.Some(second)
}

// The outcome that a settled statement has is known, the columns are not.
func TestAStepWhoseOutcomeAloneIsKnown(t *testing.T) {
	session, err := orchestration.New(orchestration.Options{Rules: readiness.V02}, fourSteps([]dag.Edge{{From: 1, To: 2}}))
	require.NoError(t, err)
	require.NoError(t, session.Claimed(1, 41))
	require.NoError(t, session.Ended(1, lifecycle.Complete, second))
	_, held := session.Token(1)
	require.False(t, held)
	require.Equal(t, []int64{2}, session.Next(second).Ready)
	require.True(t, session.Stale())
	require.ErrorContains(t, session.Ended(9, lifecycle.Complete, second), "step 9 is not part of task 7")
}

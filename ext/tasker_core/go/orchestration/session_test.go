package orchestration_test

import (
	"slices"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/orchestration"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func open(t require.TestingT, w *world, final bool) *orchestration.Session {
	session, err := orchestration.New(orchestration.Options{Rules: readiness.V02, FinalWhenNotRetryable: final}, w.snapshot())
	require.NoError(t, err)
	return session
}

// requireEqual holds a session that has nothing to catch up on against the world.
func requireEqual(t *rapid.T, w *world, session *orchestration.Session, final bool) {
	require.Equal(t, w.batch(), session.Next(w.now), w)
	require.Equal(t, w.status(final), session.Context(w.now).ExecutionStatus, w)
	require.Equal(t, w.status(final) == readiness.BlockedByFailures, session.Blocked(w.now), w)
	for _, step := range session.Steps() {
		require.Equal(t, w.steps[step.WorkflowStepID].state, step.State.Or(lifecycle.Pending), w)
	}
}

// run drives a task as the host does: next, claim, handler, finish, until nothing
// can run after a strict read.
type run struct {
	world    *world
	session  *orchestration.Session
	final    bool
	meddled  bool
	refusals map[int64]int
}

func (r *run) refresh(t *rapid.T) {
	_, err := r.session.Refresh(r.world.snapshot())
	require.NoError(t, err)
	require.False(t, r.session.Stale())
	r.meddled = false
}

func (r *run) next(t *rapid.T) []int64 {
	if r.session.Stale() {
		r.refresh(t)
	}
	if !r.meddled {
		requireEqual(t, r.world, r.session, r.final)
	}
	batch := r.session.Next(r.world.now)
	for _, id := range batch.Retry {
		if r.world.steps[id].state != lifecycle.Error {
			r.session.Refused(id)
			continue
		}
		r.world.move(id, lifecycle.Pending)
		require.NoError(t, r.session.Retried(id))
		batch.Ready = append(batch.Ready, id)
	}
	return slices.DeleteFunc(batch.Ready, func(id int64) bool { return r.refusals[id] > 1 })
}

func (r *run) execute(t *rapid.T, id int64) {
	r.disturb(t)
	token := r.world.claim(id)
	if token == 0 {
		require.True(t, r.meddled, "a claim is refused only where somebody else changed something")
		r.session.Refused(id)
		r.refusals[id]++
		return
	}
	require.NoError(t, r.session.Claimed(id, token))
	held, ok := r.session.Token(id)
	require.True(t, ok)
	require.Equal(t, token, held)
	r.disturb(t)
	r.end(t, id, held)
}

func (r *run) end(t *rapid.T, id, token int64) {
	state := rapid.SampledFrom([]string{lifecycle.Complete, lifecycle.Complete, lifecycle.Error}).Draw(t, "outcome")
	retryable := state == lifecycle.Complete || rapid.IntRange(0, 3).Draw(t, "permanent") > 0
	if rapid.IntRange(0, 9).Draw(t, "rolled back") == 0 {
		before := *r.world.steps[id]
		if outcome, ok := r.world.finish(id, token, state, retryable); ok {
			require.NoError(t, r.session.Finished(id, outcome))
			*r.world.steps[id] = before
			r.session.RolledBack(id, token)
			require.True(t, r.session.Stale())
		}
		state, retryable = lifecycle.Error, true
	}
	outcome, ok := r.world.finish(id, token, state, retryable)
	if !ok {
		require.True(t, r.meddled, "a finish is refused only where somebody else changed the step")
		r.session.Refused(id)
		return
	}
	require.NoError(t, r.session.Finished(id, outcome))
	_, held := r.session.Token(id)
	require.False(t, held, "a finished step is nobody's")
}

func (r *run) disturb(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "disturbed") == 0 {
		r.world.meddle(t)
		r.meddled = true
	}
}

// Whatever happens, the session's answers are those of a strict read wherever
// nobody meddled, a run ends, and no step runs more often than it has attempts.
func TestARunAgreesWithTheWorldAndEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, final := drawWorld(t), rapid.Bool().Draw(t, "final")
		r := &run{world: w, session: open(t, w, final), final: final, refusals: map[int64]int{}}
		turns := 0
		for {
			ready := r.next(t)
			if len(ready) == 0 {
				r.refresh(t)
				if ready = r.next(t); len(ready) == 0 {
					break
				}
			}
			for _, id := range ready {
				r.execute(t, id)
			}
			turns++
			require.Less(t, turns, 200, "the run does not end: %s", w)
		}
		r.refresh(t)
		requireEqual(t, w, r.session, final)
		for id, step := range w.steps {
			require.LessOrEqual(t, int(step.attempts), w.executed[id], "attempts are recorded for executions alone")
			require.LessOrEqual(t, step.attempts, step.retryLimit)
		}
	})
}

// Without anybody else, a run needs no strict read at all.
func TestAQuietRunIsNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		session := open(t, w, true)
		for {
			requireEqual(t, w, session, true)
			ready := session.Next(w.now).Ready
			if len(ready) == 0 {
				break
			}
			id := rapid.SampledFrom(ready).Draw(t, "step")
			token := w.claim(id)
			require.NotZero(t, token)
			require.NoError(t, session.Claimed(id, token))
			requireEqual(t, w, session, true)
			state := rapid.SampledFrom([]string{lifecycle.Complete, lifecycle.Complete, lifecycle.Error}).Draw(t, "outcome")
			outcome, ok := w.finish(id, token, state, true)
			require.True(t, ok)
			require.NoError(t, session.Finished(id, outcome))
			w.now += rapid.Int64Range(0, 3).Draw(t, "seconds") * second
			for _, id := range session.Next(w.now).Retry {
				w.move(id, lifecycle.Pending)
				require.NoError(t, session.Retried(id))
			}
		}
		require.False(t, session.Stale())
	})
}

// Refresh names exactly the steps whose row or state is not what was known.
func TestRefreshTellsWhatOthersChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		session := open(t, w, true)
		before := map[int64]row{}
		for id, step := range w.steps {
			before[id] = *step
		}
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			w.meddle(t)
		}
		want := []int64{}
		for _, id := range slices.Sorted(slices.Values(w.ids)) {
			if before[id].version != w.steps[id].version || before[id].state != w.steps[id].state {
				want = append(want, id)
			}
		}
		changed, err := session.Refresh(w.snapshot())
		require.NoError(t, err)
		require.Equal(t, want, changed)
		again, err := session.Refresh(w.snapshot())
		require.NoError(t, err)
		require.Empty(t, again, "what is known does not change twice")
	})
}

// Steps that appear or vanish between two strict reads.
func TestRefreshTakesAnotherTopology(t *testing.T) {
	w := &world{steps: map[int64]*row{1: newRow(1), 2: newRow(2)}, ids: []int64{1, 2}}
	session := open(t, w, true)
	w.steps[3], w.ids, w.edges = newRow(3), []int64{1, 3}, []dag.Edge{{From: 3, To: 1}}
	delete(w.steps, 2)
	changed, err := session.Refresh(w.snapshot())
	require.NoError(t, err)
	require.Equal(t, []int64{3}, changed)
	require.Equal(t, []int64{3}, session.Next(0).Ready)
	require.ErrorContains(t, session.Claimed(2, 9), "step 2 is not part of task 7")
	require.ErrorContains(t, session.Retried(2), "step 2 is not part of task 7")
	require.ErrorContains(t, session.Finished(2, orchestration.Outcome{}), "step 2 is not part of task 7")
}

func newRow(version int64) *row {
	return &row{state: lifecycle.Pending, version: version, retryLimit: 3, retryable: true}
}

func TestObserveTellsEachNewVersionOnce(t *testing.T) {
	w := &world{steps: map[int64]*row{1: newRow(1), 2: newRow(2), 3: newRow(3)}, ids: []int64{1, 2, 3}}
	session := open(t, w, true)
	seen := map[int64]int64{3: 8, 1: 7, 2: 2, 99: 5}
	require.Equal(t, []int64{1, 3}, session.Observe(seen), "99 is another task's")
	require.Empty(t, session.Observe(seen))
}

// A claim is one run's: another session of the same task does not have its token,
// and a refusal takes it away.
func TestTokens(t *testing.T) {
	w := &world{steps: map[int64]*row{1: newRow(1)}, ids: []int64{1}}
	session, other := open(t, w, true), open(t, w, true)
	require.NoError(t, session.Claimed(1, 41))
	_, held := other.Token(1)
	require.False(t, held)
	session.Refused(1)
	_, held = session.Token(1)
	require.False(t, held)
	session.RolledBack(1, 41)
	token, held := session.Token(1)
	require.True(t, held)
	require.Equal(t, int64(41), token)
	session.RolledBack(1, 0)
	_, held = session.Token(1)
	require.False(t, held)
}

func TestACircleIsNamed(t *testing.T) {
	w := &world{steps: map[int64]*row{1: newRow(1), 2: newRow(2)}, ids: []int64{1, 2},
		edges: []dag.Edge{{From: 1, To: 2}, {From: 2, To: 1}}}
	_, err := orchestration.New(orchestration.Options{Rules: readiness.V02}, w.snapshot())
	var cycle *dag.CycleError
	require.ErrorAs(t, err, &cycle)
}

// A step that has failed permanently blocks its task only if the rules say so.
func TestFinalFailuresBlock(t *testing.T) {
	failed := newRow(1)
	failed.state, failed.audit, failed.attempts, failed.retryable = lifecycle.Error, 1, 1, false
	w := &world{steps: map[int64]*row{1: failed}, ids: []int64{1}}
	require.True(t, open(t, w, true).Blocked(0))
	require.False(t, open(t, w, false).Blocked(0))
}

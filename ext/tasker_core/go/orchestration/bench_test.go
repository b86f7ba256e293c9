package orchestration_test

import (
	"fmt"
	"testing"

	"github.com/jcoletaylor/tasker_core/go/dag"
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
	"github.com/stretchr/testify/require"
)

// The shape of the tasks: layers of ten steps, each with two parents in the layer above.
const width = 10

// BenchmarkNext asks a session what can run, of a task whose first half is complete: the
// time should not depend on the steps.
func BenchmarkNext(b *testing.B) {
	for _, steps := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			w := halfComplete(steps)
			session := open(b, w, false)
			for b.Loop() {
				if len(session.Next(w.now).Ready) != width {
					b.Fatal("the next layer is not ready")
				}
			}
		})
	}
}

// halfComplete has as many whole layers complete as are in its first half.
func halfComplete(steps int) *world {
	w := &world{now: 1_000 * second, taskState: lifecycle.InProgress, steps: map[int64]*row{}, outside: map[int64]string{}}
	for place := range int64(steps) {
		id := place + 1
		w.ids = append(w.ids, id)
		w.steps[id] = &row{state: lifecycle.Pending, version: w.tick(), retryable: true, retryLimit: readiness.DefaultRetryLimit}
		if place < int64(steps/2/width*width) {
			w.steps[id].state, w.steps[id].processed, w.steps[id].audit = lifecycle.Complete, true, w.tick()
		}
		if above := place/width*width - width; above >= 0 {
			w.edges = append(w.edges, dag.Edge{From: above + place%width + 1, To: id}, dag.Edge{From: above + (place+1)%width + 1, To: id})
		}
	}
	return w
}

func TestTheBenchmarksTaskHasALayerReady(t *testing.T) {
	for _, steps := range []int{10, 100} {
		w := halfComplete(steps)
		require.Equal(t, w.batch(), open(t, w, false).Next(w.now))
		require.Len(t, w.batch().Ready, width)
	}
}

package drawing

import (
	"fmt"
	"math/rand/v2"

	"github.com/jcoletaylor/tasker_core/go/dag"
)

// start is when the tasks of these tests began, microseconds.
const start = 1_700_000_000 * second

// workflowOf makes a task of steps numbered from 1; edges are pairs of numbers.
func workflowOf(steps int, edges ...[2]int) Task {
	task := Task{ID: 42, Name: "order", Namespace: "shop", Version: "1.0.0", State: "in_progress", Now: start + hour}
	for i := 1; i <= steps; i++ {
		task.Steps = append(task.Steps, Step{ID: int64(i), Name: fmt.Sprintf("step_%d", i), State: "pending", RetryLimit: 3})
	}
	for _, edge := range edges {
		task.Edges = append(task.Edges, dag.Edge{From: int64(edge[0]), To: int64(edge[1])})
	}
	return task
}

func (t *Task) ran(id int, micros int64) {
	step := &t.Steps[id-1]
	step.State, step.Attempts, step.Began, step.Ended = "complete", 1, start, start+micros
}

func diamond() Task {
	task := workflowOf(4, [2]int{1, 2}, [2]int{1, 3}, [2]int{2, 4}, [2]int{3, 4})
	task.ran(1, 240_000)
	task.ran(2, 1_240_000)
	task.ran(3, 3*second)
	return task
}

func line(steps int) Task {
	task := workflowOf(steps)
	for i := 1; i < steps; i++ {
		task.Edges = append(task.Edges, dag.Edge{From: int64(i), To: int64(i + 1)})
	}
	return task
}

func fan(width int) Task {
	task := workflowOf(width + 2)
	for i := 2; i <= width+1; i++ {
		task.Edges = append(task.Edges, dag.Edge{From: 1, To: int64(i)}, dag.Edge{From: int64(i), To: int64(width + 2)})
	}
	return task
}

// layered makes layers of a width whose steps have one to three parents, mostly in
// the layer before.
func layered(layers, width int, seed uint64) Task {
	random := rand.New(rand.NewPCG(seed, 1))
	task := workflowOf(layers * width)
	for i := width; i < layers*width; i++ {
		for range 1 + random.IntN(3) {
			back := 1
			if random.IntN(6) == 0 {
				back = 1 + random.IntN(i/width)
			}
			parent := (i/width-back)*width + random.IntN(width)
			task.Edges = append(task.Edges, dag.Edge{From: int64(parent + 1), To: int64(i + 1)})
		}
	}
	return task
}

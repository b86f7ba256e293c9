package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// CriticalPaths are the paths from roots to leaves.
type CriticalPaths struct {
	// TotalPaths is a whole number in digits: it can have hundreds of them.
	TotalPaths string `msgpack:"total_paths"`
	// LongestPathLength is the length of the first of Paths, as in the engine,
	// which need not be the longest.
	LongestPathLength int     `msgpack:"longest_path_length"`
	Paths             []Path  `msgpack:"paths"`
	RootNodes         []int64 `msgpack:"root_nodes"`
	LeafNodes         []int64 `msgpack:"leaf_nodes"`
}

// Path is one of the most critical paths.
type Path struct {
	StepIDs           []int64          `msgpack:"path"`
	Length            int              `msgpack:"length"`
	StepNames         []string         `msgpack:"step_names"`
	CompletedSteps    int64            `msgpack:"completed_steps"`
	BlockedSteps      int64            `msgpack:"blocked_steps"`
	ErrorSteps        int64            `msgpack:"error_steps"`
	RetrySteps        int64            `msgpack:"retry_steps"`
	ReadySteps        int64            `msgpack:"ready_steps"`
	EstimatedDuration int64            `msgpack:"estimated_duration"` // seconds
	Bottlenecks       []PathBottleneck `msgpack:"bottlenecks"`
	// CriticalityScore is an exact decimal in digits.
	CriticalityScore     string  `msgpack:"criticality_score"`
	CompletionPercentage float64 `msgpack:"completion_percentage"`
}

// PathBottleneck is a step that holds up its path.
type PathBottleneck struct {
	StepID   int64  `msgpack:"step_id"`
	StepName string `msgpack:"step_name"`
	Reason   string `msgpack:"reason"`
	Severity int64  `msgpack:"severity"`
	Impact   string `msgpack:"impact"`
}

func (a *analyzer) criticalPaths() (CriticalPaths, error) {
	order, err := a.graph.TopologicalOrder()
	if err != nil {
		return CriticalPaths{}, err
	}
	paths := CriticalPaths{
		TotalPaths: a.countPaths(order).String(),
		Paths:      make([]Path, 0, shownPaths),
		RootNodes:  []int64{},
		LeafNodes:  []int64{},
	}
	for _, nodes := range a.mostCritical(order) {
		paths.Paths = append(paths.Paths, a.describePath(nodes))
	}
	if len(paths.Paths) > 0 {
		paths.LongestPathLength = paths.Paths[0].Length
	}
	for node := range int32(a.graph.Len()) {
		if len(a.parents(node)) == 0 {
			paths.RootNodes = append(paths.RootNodes, a.graph.ID(node))
		}
		if len(a.children(node)) == 0 {
			paths.LeafNodes = append(paths.LeafNodes, a.graph.ID(node))
		}
	}
	return paths, nil
}

// mostCritical gives the paths that are shown. Below zero all scores are zero:
// there the paths follow in the order in which a search finds them, which is that
// of the best paths when every step scores nothing.
func (a *analyzer) mostCritical(order []int32) [][]int32 {
	scores := make([]int64, a.graph.Len())
	for node := range scores {
		scores[node] = a.stepScore(&a.Steps[node])
	}
	positive := func(path []int32) bool {
		sum := int64(0)
		for _, node := range path {
			sum += scores[node]
		}
		return sum > 0
	}
	paths := slices.DeleteFunc(a.bestPaths(order, scores), func(path []int32) bool { return !positive(path) })
	if len(paths) == shownPaths {
		return paths
	}
	for _, path := range a.bestPaths(order, make([]int64, len(scores))) {
		if len(paths) < shownPaths && !positive(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// stepScore is what a step adds to the scores of its paths, in sixtieths, before
// the factor that all paths of a task share.
func (a *analyzer) stepScore(s *readiness.Status) int64 {
	w := a.Weights
	score := 60*w.Impact.PathLengthWeight + 2*a.stepSeconds(s)
	problems := int64(0)
	if completed(s) {
		score -= 60 * w.Impact.CompletedPenalty
	}
	if !s.DependenciesSatisfied {
		problems += w.Impact.BlockedPenalty
	}
	if failed(s) {
		problems += w.Impact.ErrorPenalty
		if attempts(s) > 0 {
			score += 60 * w.Impact.RetryPenalty
		}
	}
	return score + problems*int64(60*a.healthFactor())
}

func (a *analyzer) healthFactor() float64 {
	if a.Task.HealthStatus == readiness.Healthy {
		return 1
	}
	return 1.5
}

func (a *analyzer) stepSeconds(s *readiness.Status) int64 {
	d := a.Weights.Durations
	seconds := d.BaseStepSeconds + attempts(s)*d.RetryPenaltySeconds
	if failed(s) {
		seconds += d.ErrorPenaltySeconds
	}
	return seconds
}

func (a *analyzer) describePath(nodes []int32) Path {
	p := Path{
		StepIDs: a.ids(nodes), Length: len(nodes), StepNames: make([]string, len(nodes)),
		Bottlenecks: []PathBottleneck{},
	}
	for i, node := range nodes {
		s := &a.Steps[node]
		p.StepNames[i] = s.Name
		p.EstimatedDuration += a.stepSeconds(s)
		p.count(s)
		if !s.DependenciesSatisfied || failed(s) {
			p.Bottlenecks = append(p.Bottlenecks, pathBottleneck(s, len(nodes)-i-1))
		}
	}
	slices.SortStableFunc(p.Bottlenecks, func(x, y PathBottleneck) int { return cmp.Compare(y.Severity, x.Severity) })
	p.CriticalityScore = a.criticality(&p)
	p.CompletionPercentage = percent(p.CompletedSteps, int64(p.Length))
	return p
}

func (p *Path) count(s *readiness.Status) {
	if completed(s) {
		p.CompletedSteps++
	}
	if !s.DependenciesSatisfied {
		p.BlockedSteps++
	}
	if failed(s) {
		p.ErrorSteps++
		if attempts(s) > 0 {
			p.RetrySteps++
		}
	}
	if s.ReadyForExecution {
		p.ReadySteps++
	}
}

// criticality follows the engine operation by operation. The conversions keep the
// compiler from joining a product and a sum into one rounding.
func (a *analyzer) criticality(p *Path) string {
	w, health := a.Weights.Impact, a.healthFactor()
	score := float64(int64(p.Length)*w.PathLengthWeight - p.CompletedSteps*w.CompletedPenalty)
	score += float64(float64(p.BlockedSteps*w.BlockedPenalty) * health)
	score += float64(float64(p.ErrorSteps*w.ErrorPenalty) * health)
	score += float64(p.RetrySteps * w.RetryPenalty)
	score += float64(float64(p.EstimatedDuration) / 60 * 2)
	if score <= 0 {
		return "0"
	}
	return discounted(score, a.Task.CompletionPercentage)
}

func pathBottleneck(s *readiness.Status, behind int) PathBottleneck {
	severity := attempts(s) * 5
	if failed(s) {
		severity += 10
	}
	if exhausted(s) {
		severity += 20
	}
	if !s.DependenciesSatisfied {
		severity += 5
	}
	return PathBottleneck{
		StepID: s.WorkflowStepID, StepName: s.Name, Reason: reason(s), Severity: severity,
		Impact: fmt.Sprintf("Blocks %d downstream steps", behind),
	}
}

func reason(s *readiness.Status) string {
	switch blockingReason(s) {
	case "":
		return "Not blocked (ready for execution)"
	case dependenciesNotSatisfied:
		return "Dependencies not satisfied"
	case retryNotEligible:
		if exhausted(s) {
			return "Exhausted retries"
		}
		return "In backoff period"
	case invalidState:
		if s.CurrentState == lifecycle.Error {
			return "In error state"
		}
		return "Invalid state: " + s.CurrentState
	}
	return "Unknown blocking condition"
}

package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// shownBottlenecks is how many bottlenecks an analysis shows.
const shownBottlenecks = 10

// Bottlenecks are the steps that hold up the task. TaskCompletion and
// FailedStepsRatio are missing where nothing can be a bottleneck, as in the
// engine.
type Bottlenecks struct {
	Total        int          `msgpack:"total_bottlenecks"`
	Critical     int          `msgpack:"critical_bottlenecks"`
	TotalBlocked int64        `msgpack:"total_blocked_steps"`
	Bottlenecks  []Bottleneck `msgpack:"bottlenecks"`
	TaskHealth   string       `msgpack:"task_health"`
	// TaskCompletion is percent, a decimal in digits.
	TaskCompletion   *string  `msgpack:"task_completion,omitempty"`
	FailedStepsRatio *float64 `msgpack:"failed_steps_ratio,omitempty"`
	OverallImpact    string   `msgpack:"overall_impact"`
}

// Bottleneck is one of them.
type Bottleneck struct {
	StepID                  int64  `msgpack:"step_id"`
	StepName                string `msgpack:"step_name"`
	CurrentState            string `msgpack:"current_state"`
	Attempts                int64  `msgpack:"attempts"`
	RetryLimit              int64  `msgpack:"retry_limit"`
	DependenciesSatisfied   bool   `msgpack:"dependencies_satisfied"`
	DownstreamSteps         int64  `msgpack:"downstream_steps_count"`
	BlockedDownstream       int64  `msgpack:"blocked_downstream_count"`
	ImpactScore             int64  `msgpack:"impact_score"`
	Severity                string `msgpack:"severity"`
	Type                    string `msgpack:"bottleneck_type"`
	ResolutionStrategy      string `msgpack:"resolution_strategy"`
	EstimatedResolutionTime string `msgpack:"estimated_resolution_time"`
}

func (a *analyzer) bottlenecks() (Bottlenecks, error) {
	b := Bottlenecks{Bottlenecks: []Bottleneck{}, TaskHealth: a.Task.HealthStatus, OverallImpact: None}
	if a.Task.FailedSteps == 0 && a.Task.PendingSteps == 0 && a.Task.ReadySteps == a.Task.TotalSteps {
		return b, nil
	}
	order, err := a.graph.TopologicalOrder()
	if err != nil {
		return b, err
	}
	candidates := a.candidates()
	for i, reached := range a.reaches(order, candidates) {
		b.Bottlenecks = append(b.Bottlenecks, a.bottleneck(&a.Steps[candidates[i]], reached))
	}
	slices.SortStableFunc(b.Bottlenecks, func(x, y Bottleneck) int { return cmp.Compare(y.ImpactScore, x.ImpactScore) })
	a.summarize(&b)
	b.Bottlenecks = b.Bottlenecks[:min(len(b.Bottlenecks), shownBottlenecks)]
	return b, nil
}

// candidates are the failed steps, or where there are none, those that something
// holds back.
func (a *analyzer) candidates() []int32 {
	var errors, others []int32
	for node := range a.Steps {
		s := &a.Steps[node]
		if failed(s) {
			errors = append(errors, int32(node))
		}
		if !s.DependenciesSatisfied || attempts(s) >= 2 || !s.RetryEligible {
			others = append(others, int32(node))
		}
	}
	if errors != nil {
		return errors
	}
	return others
}

func (a *analyzer) summarize(b *Bottlenecks) {
	b.Total = len(b.Bottlenecks)
	high := 0
	for i := range b.Bottlenecks {
		b.TotalBlocked += b.Bottlenecks[i].BlockedDownstream
		switch b.Bottlenecks[i].Severity {
		case Critical:
			b.Critical++
		case High:
			high++
		}
	}
	ratio := percent(a.Task.FailedSteps, a.Task.TotalSteps)
	b.TaskCompletion, b.FailedStepsRatio = &a.Task.CompletionPercentage, &ratio
	switch {
	case b.Total == 0:
		b.OverallImpact = None
	case b.Critical >= 3 || a.Task.FailedSteps > a.Task.TotalSteps/2:
		b.OverallImpact = Severe
	case b.Critical >= 1 || high >= 3:
		b.OverallImpact = High
	case high >= 1 || b.Total >= 5:
		b.OverallImpact = Medium
	default:
		b.OverallImpact = Low
	}
}

func (a *analyzer) bottleneck(s *readiness.Status, reached reach) Bottleneck {
	score := a.impact(s, reached)
	return Bottleneck{
		StepID: s.WorkflowStepID, StepName: s.Name, CurrentState: s.CurrentState,
		Attempts: attempts(s), RetryLimit: int64(s.RetryLimit), DependenciesSatisfied: s.DependenciesSatisfied,
		DownstreamSteps: reached.all, BlockedDownstream: reached.blocked,
		ImpactScore: score, Severity: a.Weights.Threshold.severity(score),
		Type: bottleneckType(s), ResolutionStrategy: resolution(s), EstimatedResolutionTime: a.resolutionTime(s),
	}
}

func (a *analyzer) impact(s *readiness.Status, reached reach) int64 {
	w := a.Weights
	base := reached.all*w.Impact.DownstreamWeight + reached.blocked*w.Impact.BlockedWeight
	penalty := attempts(s) * w.Penalties.RetryInstability
	if !s.RetryEligible {
		penalty += w.Penalties.NonRetryable
	}
	if exhausted(s) {
		penalty += w.Penalties.ExhaustedRetry
	}
	return int64(math.Round(float64(float64(base)*a.stateMultiplier(s)) + float64(penalty)))
}

func (a *analyzer) stateMultiplier(s *readiness.Status) float64 {
	w := a.Weights.Severity
	switch {
	case failed(s) && exhausted(s):
		return w.ErrorState + w.ExhaustedRetryBonus
	case failed(s):
		return w.ErrorState
	case s.CurrentState == lifecycle.Pending && !s.DependenciesSatisfied:
		return w.DependencyIssue
	}
	return 1
}

func bottleneckType(s *readiness.Status) string {
	switch {
	case exhausted(s):
		return "Permanent Failure"
	case failed(s):
		return "Active Error"
	case s.TotalParents > 0 && !s.DependenciesSatisfied:
		return "Dependency Block"
	case attempts(s) >= 2:
		return "Retry Exhaustion"
	case !s.RetryEligible:
		return "Non-Retryable"
	}
	return "Unknown"
}

func resolution(s *readiness.Status) string {
	blocking := blockingReason(s)
	switch {
	case exhausted(s):
		return "Manual intervention required"
	case failed(s):
		return "Investigate error cause"
	case blocking == dependenciesNotSatisfied:
		return "Check upstream dependencies"
	case blocking == retryNotEligible && s.NextRetryAt.Valid:
		return "Wait for backoff period"
	case attempts(s) >= 1:
		return "Monitor retry attempts"
	}
	return "Review step configuration"
}

func (a *analyzer) resolutionTime(s *readiness.Status) string {
	if exhausted(s) {
		return "Immediate action needed"
	}
	if seconds := a.secondsUntilReady(s); seconds > 0 {
		minutes := (seconds-1)/60 + 1
		if minutes == 1 {
			return "1 minute"
		}
		return fmt.Sprintf("%d minutes", minutes)
	}
	switch {
	case failed(s) && s.RetryEligible:
		return "Within next retry cycle"
	case blockingReason(s) == dependenciesNotSatisfied:
		return "Depends on upstream steps"
	}
	return "Unknown"
}

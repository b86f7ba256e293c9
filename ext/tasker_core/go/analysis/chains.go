package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// ErrorChains says what failed steps hold up.
type ErrorChains struct {
	TotalErrorSteps      int64        `msgpack:"total_error_steps"`
	TotalSteps           int64        `msgpack:"total_steps"`
	ErrorPercentage      float64      `msgpack:"error_percentage"`
	TotalBlockedByErrors int64        `msgpack:"total_blocked_by_errors"`
	MostCriticalError    *ErrorChain  `msgpack:"most_critical_error"`
	Chains               []ErrorChain `msgpack:"error_chains"`
	RecoveryPriority     []Recovery   `msgpack:"recovery_priority"`
	TaskHealth           string       `msgpack:"task_health"`
}

// ErrorChain is a failed step with all that waits for it.
type ErrorChain struct {
	StepID               int64         `msgpack:"error_step_id"`
	StepName             string        `msgpack:"error_step_name"`
	Attempts             int64         `msgpack:"error_attempts"`
	RetryLimit           int64         `msgpack:"retry_limit"`
	Retry                RetryAnalysis `msgpack:"retry_analysis"`
	DownstreamSteps      []int64       `msgpack:"downstream_steps"`
	BlockedDownstream    int64         `msgpack:"blocked_downstream_steps"`
	TotalDownstreamSteps int64         `msgpack:"total_downstream_steps"`
	TotalImpact          int64         `msgpack:"total_impact"`
	Strategies           []Strategy    `msgpack:"recovery_strategies"`
}

// RetryAnalysis says whether a failed step will be tried again. InBackoff is nil
// where there is no next retry.
type RetryAnalysis struct {
	Exhausted         bool   `msgpack:"exhausted"`
	RemainingAttempts int64  `msgpack:"remaining_attempts"`
	InBackoff         *bool  `msgpack:"in_backoff"`
	NextRetryAt       *int64 `msgpack:"next_retry_at"` // microseconds
	Retryable         bool   `msgpack:"retryable"`
}

// Strategy is one way to recover.
type Strategy struct {
	Strategy    string `msgpack:"strategy"`
	Priority    string `msgpack:"priority"`
	Description string `msgpack:"description"`
}

// Recovery is one of the failed steps to look at first.
type Recovery struct {
	StepName          string `msgpack:"step_name"`
	PriorityLevel     string `msgpack:"priority_level"`
	Reason            string `msgpack:"reason"`
	RecommendedAction string `msgpack:"recommended_action"`
}

// shownRecoveries is how many failed steps an analysis recommends to look at.
const shownRecoveries = 3

func (a *analyzer) errorChains() ErrorChains {
	chains := ErrorChains{
		TotalErrorSteps: a.Task.FailedSteps,
		TotalSteps:      a.Task.TotalSteps,
		ErrorPercentage: percent(a.Task.FailedSteps, a.Task.TotalSteps),
		Chains:          []ErrorChain{}, RecoveryPriority: []Recovery{},
		TaskHealth: a.Task.HealthStatus,
	}
	walk := newWalk(a)
	for node := range a.Steps {
		if failed(&a.Steps[node]) {
			chains.Chains = append(chains.Chains, a.errorChain(int32(node), walk))
		}
	}
	slices.SortStableFunc(chains.Chains, func(x, y ErrorChain) int { return cmp.Compare(y.TotalImpact, x.TotalImpact) })
	for i := range chains.Chains {
		chain := &chains.Chains[i]
		chains.TotalBlockedByErrors += chain.BlockedDownstream
		if i < shownRecoveries {
			chains.RecoveryPriority = append(chains.RecoveryPriority, a.recovery(chain))
		}
	}
	if len(chains.Chains) > 0 {
		chains.MostCriticalError = &chains.Chains[0]
	}
	return chains
}

func (a *analyzer) errorChain(node int32, walk *walk) ErrorChain {
	s := &a.Steps[node]
	behind := walk.downstream(node)
	chain := ErrorChain{
		StepID: s.WorkflowStepID, StepName: s.Name, Attempts: attempts(s), RetryLimit: int64(s.RetryLimit),
		Retry: a.retryAnalysis(s), DownstreamSteps: a.ids(behind), TotalDownstreamSteps: int64(len(behind)),
	}
	for _, other := range behind {
		if !a.Steps[other].DependenciesSatisfied {
			chain.BlockedDownstream++
		}
	}
	w := a.Weights
	chain.TotalImpact = chain.BlockedDownstream*w.Impact.BlockedWeight +
		chain.TotalDownstreamSteps*w.Impact.DownstreamWeight + chain.Attempts*w.Penalties.RetryInstability
	if exhausted(s) {
		chain.TotalImpact += w.Penalties.ExhaustedRetry
	}
	chain.Strategies = strategies(&chain.Retry)
	return chain
}

func (a *analyzer) retryAnalysis(s *readiness.Status) RetryAnalysis {
	retry := RetryAnalysis{
		Exhausted:         exhausted(s),
		RemainingAttempts: max(int64(s.RetryLimit)-attempts(s), 0),
		Retryable:         s.RetryEligible,
	}
	if s.NextRetryAt.Valid {
		at, waiting := s.NextRetryAt.Value, s.NextRetryAt.Value > a.Now
		retry.NextRetryAt, retry.InBackoff = &at, &waiting
	}
	return retry
}

func strategies(retry *RetryAnalysis) []Strategy {
	switch {
	case retry.Exhausted:
		return []Strategy{
			{"Manual Resolution", High, "Step has exhausted retries and requires manual intervention"},
			{"Increase Retry Limit", Medium, "Consider increasing retry limit if error is transient"},
		}
	case retry.InBackoff != nil && *retry.InBackoff:
		return []Strategy{{"Wait for Backoff", Low, "Step will retry automatically at " + clock(*retry.NextRetryAt)}}
	case retry.Retryable:
		return []Strategy{{"Monitor Retries", Medium, fmt.Sprintf("Step has %d retry attempts remaining", retry.RemainingAttempts)}}
	}
	return []Strategy{{"Investigate Root Cause", High, "Step is not retryable, requires investigation"}}
}

func (a *analyzer) recovery(chain *ErrorChain) Recovery {
	return Recovery{
		StepName:          chain.StepName,
		PriorityLevel:     a.Weights.Threshold.severity(chain.TotalImpact),
		Reason:            fmt.Sprintf("Blocking %d downstream steps", chain.BlockedDownstream),
		RecommendedAction: chain.Strategies[0].Strategy,
	}
}

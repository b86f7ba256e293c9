package analysis

import (
	"github.com/jcoletaylor/tasker_core/go/lifecycle"
	"github.com/jcoletaylor/tasker_core/go/readiness"
)

// Why a step does not run, as the engine's FunctionBasedStepReadinessStatus#blocking_reason
// says it; empty for a step that may.
const (
	dependenciesNotSatisfied = "dependencies_not_satisfied"
	retryNotEligible         = "retry_not_eligible"
	invalidState             = "invalid_state"
	unknownReason            = "unknown"
)

func blockingReason(s *readiness.Status) string {
	switch {
	case s.ReadyForExecution:
		return ""
	case !s.DependenciesSatisfied:
		return dependenciesNotSatisfied
	case !s.RetryEligible:
		return retryNotEligible
	case s.CurrentState != lifecycle.Pending && s.CurrentState != lifecycle.Error:
		return invalidState
	}
	return unknownReason
}

// secondsUntilReady is the engine's #time_until_ready: whole seconds from now to the next retry, 0
// if there is none or if it has passed.
func (a *analyzer) secondsUntilReady(s *readiness.Status) int64 {
	if s.ReadyForExecution || !s.NextRetryAt.Valid || s.NextRetryAt.Value < a.Now {
		return 0
	}
	return (s.NextRetryAt.Value - a.Now) / 1_000_000
}

package analysis

import "fmt"

// Weights are the engine's config.dependency_graph.
type Weights struct {
	Impact    ImpactMultipliers   `msgpack:"impact_multipliers"`
	Severity  SeverityMultipliers `msgpack:"severity_multipliers"`
	Penalties PenaltyConstants    `msgpack:"penalty_constants"`
	Threshold SeverityThresholds  `msgpack:"severity_thresholds"`
	Durations DurationEstimates   `msgpack:"duration_estimates"`
}

// ImpactMultipliers weigh what a path or a bottleneck holds up.
type ImpactMultipliers struct {
	DownstreamWeight int64 `msgpack:"downstream_weight"`
	BlockedWeight    int64 `msgpack:"blocked_weight"`
	PathLengthWeight int64 `msgpack:"path_length_weight"`
	CompletedPenalty int64 `msgpack:"completed_penalty"`
	BlockedPenalty   int64 `msgpack:"blocked_penalty"`
	ErrorPenalty     int64 `msgpack:"error_penalty"`
	RetryPenalty     int64 `msgpack:"retry_penalty"`
}

// SeverityMultipliers weigh the state of a bottleneck.
type SeverityMultipliers struct {
	ErrorState          float64 `msgpack:"error_state"`
	ExhaustedRetryBonus float64 `msgpack:"exhausted_retry_bonus"`
	DependencyIssue     float64 `msgpack:"dependency_issue"`
}

// PenaltyConstants are added to a bottleneck's score.
type PenaltyConstants struct {
	RetryInstability int64 `msgpack:"retry_instability"`
	NonRetryable     int64 `msgpack:"non_retryable"`
	ExhaustedRetry   int64 `msgpack:"exhausted_retry"`
}

// SeverityThresholds are the scores from which a severity begins.
type SeverityThresholds struct {
	Critical int64 `msgpack:"critical"`
	High     int64 `msgpack:"high"`
	Medium   int64 `msgpack:"medium"`
}

// DurationEstimates are seconds.
type DurationEstimates struct {
	BaseStepSeconds     int64 `msgpack:"base_step_seconds"`
	ErrorPenaltySeconds int64 `msgpack:"error_penalty_seconds"`
	RetryPenaltySeconds int64 `msgpack:"retry_penalty_seconds"`
}

// DefaultWeights are the engine's defaults.
func DefaultWeights() Weights {
	return Weights{
		Impact: ImpactMultipliers{
			DownstreamWeight: 5, BlockedWeight: 15, PathLengthWeight: 10, CompletedPenalty: 15,
			BlockedPenalty: 25, ErrorPenalty: 30, RetryPenalty: 10,
		},
		Severity:  SeverityMultipliers{ErrorState: 2, ExhaustedRetryBonus: 0.5, DependencyIssue: 1.2},
		Penalties: PenaltyConstants{RetryInstability: 3, NonRetryable: 10, ExhaustedRetry: 20},
		Threshold: SeverityThresholds{Critical: 100, High: 50, Medium: 20},
		Durations: DurationEstimates{BaseStepSeconds: 30, ErrorPenaltySeconds: 60, RetryPenaltySeconds: 30},
	}
}

// MaxWeight bounds what goes into the score of a path, which is added up over up
// to a million steps.
const MaxWeight = 100_000

// Check returns an error that names the first weight whose sums could overflow.
func (w Weights) Check() error {
	for _, weight := range []struct {
		name  string
		value int64
	}{
		{"path_length_weight", w.Impact.PathLengthWeight}, {"completed_penalty", w.Impact.CompletedPenalty},
		{"blocked_penalty", w.Impact.BlockedPenalty}, {"error_penalty", w.Impact.ErrorPenalty},
		{"retry_penalty", w.Impact.RetryPenalty}, {"base_step_seconds", w.Durations.BaseStepSeconds},
		{"error_penalty_seconds", w.Durations.ErrorPenaltySeconds},
		{"retry_penalty_seconds", w.Durations.RetryPenaltySeconds},
	} {
		if weight.value > MaxWeight || weight.value < -MaxWeight {
			return fmt.Errorf("%s is %d; it must lie between -%d and %d", weight.name, weight.value, MaxWeight, MaxWeight)
		}
	}
	return nil
}

// severity names a score.
func (t SeverityThresholds) severity(score int64) string {
	switch {
	case score >= t.Critical:
		return Critical
	case score >= t.High:
		return High
	case score >= t.Medium:
		return Medium
	}
	return Low
}

// The levels of severity, priority, potential and risk.
const (
	Critical = "Critical"
	Severe   = "Severe"
	High     = "High"
	Medium   = "Medium"
	Low      = "Low"
	None     = "None"
)

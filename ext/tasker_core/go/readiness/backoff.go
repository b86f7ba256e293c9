package readiness

import "math"

const (
	second = int64(1_000_000) // in microseconds

	// maxFailureDelay is the most that a failed step waits: fixed in the
	// engine's SQL, whatever its configuration says.
	maxFailureDelay = 30 * second

	// nullAttempts is what the failure delay takes for NULL attempts, in both
	// versions.
	nullAttempts = int32(1)

	infinity         = int64(math.MaxInt64)
	negativeInfinity = int64(math.MinInt64)
)

// failureDelay is least(2 ^ attempts seconds, 30 seconds) in microseconds.
// 2^4 is the last power below the cap; below 2^-20 nothing is left of a
// microsecond. The bounds keep every attempts from overflowing.
func failureDelay(attempts int32) int64 {
	switch {
	case attempts > 4:
		return maxFailureDelay
	case attempts >= 0:
		return second << attempts
	case attempts < -20:
		return 0
	}
	return int64(math.RoundToEven(math.Ldexp(float64(second), int(attempts))))
}

// later is a timestamp plus microseconds. Infinite times stay as they are, and a
// sum beyond all times is infinite.
func later(at, micros int64) int64 {
	if at == infinity || at == negativeInfinity {
		return at
	}
	sum := at + micros
	switch {
	case micros > 0 && sum < at:
		return infinity
	case micros < 0 && sum > at:
		return negativeInfinity
	}
	return sum
}

// requestedRetryAt is when the backoff that the step asked for ends.
func requestedRetryAt(in *StepInput) Null[int64] {
	if !in.BackoffRequestSeconds.Valid || !in.LastAttemptedAt.Valid {
		return Null[int64]{}
	}
	return Some(later(in.LastAttemptedAt.Value, int64(in.BackoffRequestSeconds.Value)*second))
}

// failureRetryAt is when the backoff after a failure ends.
func failureRetryAt(in *StepInput, lastFailureAt Null[int64]) Null[int64] {
	if !lastFailureAt.Valid {
		return Null[int64]{}
	}
	return Some(later(lastFailureAt.Value, failureDelay(in.Attempts.Or(nullAttempts))))
}

// passed reports whether there is nothing to wait for at the time now.
func passed(until Null[int64], now int64) bool {
	return !until.Valid || until.Value <= now
}

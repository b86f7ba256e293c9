package analysis

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPercentRoundsToOneDecimal(t *testing.T) {
	assert.InDelta(t, 33.3, percent(1, 3), 0)
	assert.InDelta(t, 66.7, percent(2, 3), 0)
	assert.InDelta(t, 12.5, percent(1, 8), 0)
	assert.InDelta(t, 6.3, percent(1, 16), 0)
	assert.Zero(t, percent(0, 0))
}

func TestScoresAreDiscountedExactly(t *testing.T) {
	for _, c := range []struct {
		score      float64
		completion string
		want       string
	}{
		{100, "0", "100"},
		{100, "100.00", "70"},
		{100, "33.33", "90.001"},
		{0.1, "50.0", "0.085"},
		{40.166666666666664, "27.27", "36.8806316666666605454"},
		{1e21, "10.0", "970000000000000000000"},
		{1e-7, "100.0", "0.00000007"},
	} {
		assert.Equal(t, c.want, discounted(c.score, c.completion), "%v at %s %%", c.score, c.completion)
	}
}

func TestTimesAreWrittenAsRubyDoes(t *testing.T) {
	assert.Equal(t, "2023-11-14 22:13:20 UTC", clock(1_700_000_000_999_999))
	assert.Equal(t, "Infinity", clock(math.MaxInt64))
}

func TestWeightsThatCouldOverflowAreRefused(t *testing.T) {
	weights := DefaultWeights()
	assert.NoError(t, weights.Check())
	weights.Impact.RetryPenalty = -MaxWeight - 1
	assert.ErrorContains(t, weights.Check(), "retry_penalty is -100001")
}

package analysis

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// percent is part of whole in percent with one decimal, rounded as Ruby's
// Float#round does; 0 of nothing.
func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	value := float64(part) / float64(whole) * 100
	rounded := math.Round(value * 10)
	// Multiplying may have rounded up to a half what lies below it.
	if (rounded+0.5)/10 <= value {
		rounded++
	}
	return rounded / 10
}

// decimalDigits is how many digits of a float BigDecimal keeps; it drops the
// others.
const decimalDigits = 16

// discounted is score * (1 - completion/100 * 0.3). The engine gets there by way
// of BigDecimal, so the result is an exact decimal of score's digits.
func discounted(score float64, completion string) string {
	done, err := strconv.ParseFloat(completion, 64)
	if err != nil {
		done = 0
	}
	mantissa, exponent := digits(score)
	factor := big.NewInt(100_000 - 3*int64(math.Round(done*100)))
	return decimal(mantissa.Mul(mantissa, factor), exponent-5)
}

// digits gives the first decimalDigits of a float's shortest decimal form, as
// mantissa * 10^exponent.
func digits(value float64) (*big.Int, int) {
	text, power, _ := strings.Cut(strconv.FormatFloat(value, 'e', -1, 64), "e")
	exponent, _ := strconv.Atoi(power)
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = fraction[:min(len(fraction), decimalDigits-len(whole))]
	mantissa, _ := new(big.Int).SetString(whole+fraction, 10)
	return mantissa, exponent - len(fraction)
}

// decimal writes mantissa * 10^exponent without an exponent and without zeros at
// the end of the fraction. The mantissa is not negative.
func decimal(mantissa *big.Int, exponent int) string {
	text := mantissa.String()
	if exponent >= 0 {
		return text + strings.Repeat("0", exponent)
	}
	if missing := 1 - exponent - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	point := len(text) + exponent
	fraction := strings.TrimRight(text[point:], "0")
	if fraction == "" {
		return text[:point]
	}
	return text[:point] + "." + fraction
}

// clock writes micros of a wall clock as Ruby writes a Time in UTC.
func clock(micros int64) string {
	if micros == math.MaxInt64 {
		return "Infinity"
	}
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05 UTC")
}

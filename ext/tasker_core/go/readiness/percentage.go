package readiness

import "strconv"

// Percentage returns completion_percentage as PostgreSQL prints the numeric: "0.0" for a task
// without steps, otherwise two decimals, rounded half away from zero: "0.00", "33.33", "100.00".
// completed lies between 0 and total.
//
// Integers give the same as ROUND over the engine's quotient: that has at least 16 digits, and a
// quotient of counts lies on a rounding boundary or further from it than that, up to 10^11 steps.
func Percentage(completed, total int64) string {
	if total == 0 {
		return "0.0"
	}
	hundredths := (2*10_000*completed + total) / (2 * total)
	text := strconv.AppendInt(nil, hundredths/100, 10)
	text = append(text, '.', byte('0'+hundredths/10%10), byte('0'+hundredths%10))
	return string(text)
}
